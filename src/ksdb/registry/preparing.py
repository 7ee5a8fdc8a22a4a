"""What can be done with a list's rows before the database is asked: read, check, key and seal, a chunk at a time.

A long CSV file is prepared in a process of its own, one chunk ahead of the one that is being stored.
"""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import dropwhile, islice
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from ksdb.core.errors import KsdbError
from ksdb.core.seal import Sealer
from ksdb.registry.checking import CheckedRow, Checker
from ksdb.registry.communes import Commune, Communes
from ksdb.registry.headings import Heading
from ksdb.registry.plans import Plan
from ksdb.registry.problems import Problem
from ksdb.registry.reading import FileUnreadable, RawList, RawRow, read_list
from ksdb.registry.sealing import END_DIGITS, ID_NUMBER, PHONE, end_key

CHUNK_ROWS = 5_000
ROWS_WORTH_A_PROCESS = 20_000

Ends = tuple[int | None, int | None]
Numbers = tuple[bytes | None, bytes | None, bytes | None, bytes | None]


class PreparingBroken(KsdbError):
    """The file could not be read to its end: the process that read it has ended. Start the import again."""

    code = "preparing_broken"


class Prepared(msgspec.Struct, frozen=True):
    """A checked row with ID number (or passport) and phone, each sealed, as its match key, and as the key of its end.

    Of the old number and the guardian's there are match keys alone.
    """

    row: CheckedRow
    numbers: Numbers
    ends: Ends
    old_key: bytes | None = None
    guardian_key: bytes | None = None

    @property
    def id_number_key(self) -> bytes | None:
        return self.numbers[1]


class Chunk(msgspec.Struct, frozen=True):
    """Some rows as the file has them, those of them that can be registered, and what there is to say."""

    raws: list[RawRow]
    prepared: list[Prepared]
    problems: list[Problem]

    @property
    def last_row(self) -> int:
        return self.raws[-1].number


class _Packed(msgspec.Struct, frozen=True):
    """A chunk of a CSV file as it goes from process to process: a cell is a text there, and needs no notes."""

    raws: list[tuple[int, list[str]]]
    prepared: list[Prepared]
    problems: list[Problem]


class Task(msgspec.Struct, frozen=True):
    """All that is needed to prepare a file; goes to another process as it is. `seals` is False for a preview."""

    path: Path
    plan: Plan | None
    communes: tuple[Commune, ...]
    today: date
    keys: tuple[dict[int, bytes], bytes]
    seals: bool = True

    def preparer(self, heading: Heading) -> Callable[[Sequence[RawRow]], Chunk]:
        checker = Checker(heading, Communes(self.communes), self.today)
        sealer = Sealer(*self.keys)

        def prepare(raws: Sequence[RawRow]) -> Chunk:
            checks = [checker.check(raw) for raw in raws]
            prepared = [_prepared(sealer, row, seals=self.seals) for row, _ in checks if row]
            return Chunk(list(raws), prepared, [problem for _, found in checks for problem in found])

        return prepare


def _prepared(sealer: Sealer, row: CheckedRow, *, seals: bool) -> Prepared:
    old, guardian = (_key(sealer, number) for number in (row.old_id_number, row.guardian_number))
    return Prepared(row, _numbers(sealer, row, seals=seals), _ends(sealer, row), old, guardian)


def _key(sealer: Sealer, number: str) -> bytes | None:
    return sealer.match_key(ID_NUMBER, number) if number else None


def _numbers(sealer: Sealer, row: CheckedRow, *, seals: bool) -> Numbers:
    number, phone = row.id_number or row.passport, row.phone
    passport = sealer.match_key("passport", f"{row.nationality}:{row.passport}") if row.passport else None
    return (
        sealer.seal(ID_NUMBER, number) if number and seals else None,
        passport or _key(sealer, number),
        sealer.seal(PHONE, phone) if phone and seals else None,
        sealer.match_key(PHONE, phone) if phone else None,
    )


def _ends(sealer: Sealer, row: CheckedRow) -> Ends:
    return _end(sealer, ID_NUMBER, row.id_number or row.passport), _end(sealer, PHONE, row.phone)


def _end(sealer: Sealer, field: str, number: str) -> int | None:
    return end_key(sealer, field, number[-END_DIGITS:]) if number else None


def prepared_chunks(task: Task, listed: RawList, after_row: int = 0) -> Iterator[Chunk]:
    """The rows behind `after_row`, in order. What an earlier run is done with is read over, not checked again."""
    if task.path.suffix == ".csv" and listed.row_estimate >= ROWS_WORTH_A_PROCESS:
        return _from_aside(task, after_row)
    return _chunks(task, listed, after_row)


def raw_chunks(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk


_PACK = msgspec.msgpack.Encoder()
_UNPACK = msgspec.msgpack.Decoder(_Packed)
_FAULT = b"unreadable"


def _chunks(task: Task, listed: RawList, after_row: int) -> Iterator[Chunk]:
    rest = dropwhile(lambda row: row.number <= after_row, listed.rows)
    return map(task.preparer(listed.heading), raw_chunks(rest))


def _from_aside(task: Task, after_row: int) -> Iterator[Chunk]:
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe(duplex=False)
    aside = context.Process(target=_prepare_aside, args=(far, task, after_row), daemon=True)
    aside.start()
    far.close()
    try:
        while (got := _received(near)) is not None:
            yield got
    finally:
        near.close()  # whoever prepares meets a broken pipe, and ends
        aside.join()


def _received(near: Connection) -> Chunk | None:
    try:
        got = near.recv_bytes()
    except (EOFError, OSError):  # between two chunks, or within one
        raise PreparingBroken from None
    if got.startswith(_FAULT):
        raise FileUnreadable
    if not got:
        return None
    packed = _UNPACK.decode(got)
    return Chunk([RawRow(number, list(cells)) for number, cells in packed.raws], packed.prepared, packed.problems)


def _prepare_aside(far: Connection, task: Task, after_row: int) -> None:
    try:
        for chunk in _chunks(task, read_list(task.path, task.plan), after_row):
            raws = [(raw.number, [str(cell) for cell in raw.cells]) for raw in chunk.raws]
            far.send_bytes(_PACK.encode(_Packed(raws, chunk.prepared, chunk.problems)))
        far.send_bytes(b"")
    except KsdbError:
        far.send_bytes(_FAULT)  # all a list that could be opened may still come to
    except (BrokenPipeError, KeyboardInterrupt):
        return
