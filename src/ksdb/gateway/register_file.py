"""Reads a register that somebody else kept (a school, a hotel, a factory) as scans: docs/ingest.md has its form."""

import csv
import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any, Final

import msgspec

from ksdb.core.clock import ZONE
from ksdb.core.errors import KsdbError
from ksdb.core.ids import digits_of, is_card_number
from ksdb.gateway.intake import Foreign, Scan

COLUMNS: Final = ("scanned_at", "number", "token", "foreign_kind", "id_key", "is_exit", "sequence")
CODES: Final = ("number", "token", "id_key")
MOST_BYTES: Final = 256 * 1024 * 1024
FIRST_HASHED: Final = 2**52
"""Numbers below are the register's own; from here up they are made of what the row says."""

_MOST_TOKEN = 800
_BYTE_ORDER_MARK = "\ufeff"
_FORMS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
_EXIT: Mapping[str, bool] = {
    **dict.fromkeys(("", "0", "false", "no", "in", "vào"), False),
    **dict.fromkeys(("1", "true", "yes", "out", "ra"), True),
}


class RegisterUnreadable(KsdbError):
    """This is no register that can be read: a CSV file with a line of headings, or a JSON list; see docs/ingest.md."""

    code = "register_unreadable"
    status = 422


class RowProblem(StrEnum):
    """Why a row was left out; the value is what to do about it. Never what the row said."""

    NO_TIME = "There is no time. Fill in scanned_at."
    BAD_TIME = "The time cannot be read. Write 2026-11-24 07:31:05, or milliseconds since 1970."
    NO_CODE = "There is no code. Fill in one of number, token, or foreign_kind with id_key."
    TWO_CODES = "There is more than one code. Keep one of number, token and id_key."
    BAD_NUMBER = "The check digits of the card number are wrong. Look at the card again."
    STRANGE_CODE = "This is no text of a card's code. Leave out what does not come from a ksdb card."
    BAD_FOREIGN = "A foreign code is its kind and 32 hexadecimal digits of a keyed hash. Never send the number itself."
    BAD_EXIT = "Write 1 for leaving and 0 for coming in is_exit."
    BAD_SEQUENCE = "The record's number must be whole, above 0 and below 4,503,599,627,370,496."
    SAME_SEQUENCE = "Another row of this file has the same record number. Give each record a number of its own."


@dataclass(frozen=True, slots=True)
class ReadRow:
    """One row: its number as a spreadsheet counts, and the scan that it stands for or what is wrong with it."""

    number: int
    scan: Scan | None = None
    problem: RowProblem | None = None


class _Wrong(Exception):
    """Caught in this file: it carries a row's problem to the row."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.name)
        self.problem = problem


@dataclass
class _Numbers:
    """Which numbers this file has used already, and how often each content came."""

    used: set[int] = field(default_factory=set)
    seen: Counter[bytes] = field(default_factory=Counter)

    def given(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and 0 < int(text[:18]) < FIRST_HASHED and len(text) < 18):
            raise _Wrong(RowProblem.BAD_SEQUENCE)
        return self._once(int(text))

    def made(self, scan: Scan) -> int:
        """A number made of what the row says, so that the same row has it in every file; a twin row has another."""
        said = msgspec.json.encode(scan)
        self.seen[said] += 1
        digest = hashlib.blake2b(said + b"%d" % self.seen[said], digest_size=8, person=b"ksdb.register").digest()
        return self._once(FIRST_HASHED + int.from_bytes(digest, "big") % FIRST_HASHED)

    def _once(self, number: int) -> int:
        if number in self.used:
            raise _Wrong(RowProblem.SAME_SEQUENCE)
        self.used.add(number)
        return number


def rows_of(path: Path) -> Iterator[ReadRow]:
    """Every row of the file. Raises RegisterUnreadable."""
    if path.stat().st_size > MOST_BYTES:
        raise RegisterUnreadable("It is larger than 256 MB: send it in parts.")
    numbers = _Numbers()
    for number, row in _json_rows(path) if path.suffix.lower() == ".json" else _csv_rows(path):
        try:
            yield ReadRow(number, _scan(row, numbers))
        except _Wrong as wrong:
            yield ReadRow(number, problem=wrong.problem)


def _csv_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RegisterUnreadable("Save it as UTF-8.") from error
    heading = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(reader, [])]
        _require_columns(names)
        for number, cells in enumerate(reader, 2):
            if any(cell.strip() for cell in cells):
                yield number, dict(zip(names, cells, strict=False))
    except csv.Error as error:
        raise RegisterUnreadable(f"Line {reader.line_num} is not CSV.") from error


def _require_columns(names: Iterable[str]) -> None:
    """A column of another name is passed over: registers have many."""
    found = set(names)
    if "scanned_at" not in found or not found & set(CODES):
        raise RegisterUnreadable(f"The headings must name scanned_at and one of {', '.join(CODES)}.")


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        rows = msgspec.json.decode(path.read_bytes().removeprefix(_BYTE_ORDER_MARK.encode()), type=list[dict[str, Any]])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RegisterUnreadable("A JSON register is a list of objects.") from error
    if rows:
        _require_columns({name for row in rows for name in row})
    for number, row in enumerate(rows, 1):
        yield number, {name: _text(row.get(name)) for name in COLUMNS}


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
    return str(value)


def _scan(row: Mapping[str, str | None], numbers: _Numbers) -> Scan:
    cell = {name: (row.get(name) or "").strip() for name in COLUMNS}
    codes = [name for name in CODES if cell[name]]
    if len(codes) != 1:
        raise _Wrong(RowProblem.TWO_CODES if codes else RowProblem.NO_CODE)
    if cell["is_exit"].lower() not in _EXIT:
        raise _Wrong(RowProblem.BAD_EXIT)
    scan = Scan(
        1,
        _milliseconds(cell["scanned_at"]),
        _token(cell["token"]),
        _EXIT[cell["is_exit"].lower()],
        _number(cell["number"]),
        _foreign(cell) if codes == ["id_key"] else None,
    )
    number = numbers.given(cell["sequence"]) if cell["sequence"] else numbers.made(scan)
    return msgspec.structs.replace(scan, sequence=number)


def _milliseconds(text: str) -> int:
    """An instant; without a zone it is the province's time."""
    if not text:
        raise _Wrong(RowProblem.NO_TIME)
    if text.isascii() and text.isdigit() and 12 <= len(text) <= 13:
        return int(text)
    for read in (_iso, *(lambda given, form=form: datetime.strptime(given, form) for form in _FORMS)):  # noqa: DTZ007
        try:
            at = read(text)
            return int((at if at.tzinfo else at.replace(tzinfo=ZONE)).timestamp() * 1000)
        except (ValueError, OverflowError):
            continue
    raise _Wrong(RowProblem.BAD_TIME)


def _iso(text: str) -> datetime:
    """A day alone says no time: who came at midnight must say so."""
    if len(text) < len("2026-11-24 07:31"):
        raise ValueError
    return datetime.fromisoformat(text)


def _token(text: str) -> str:
    if len(text) > _MOST_TOKEN or not text.isascii():
        raise _Wrong(RowProblem.STRANGE_CODE)
    return text


def _number(text: str) -> str:
    """Spreadsheets eat leading zeros; the check digits tell whether giving them back was right."""
    if not text:
        return ""
    number = digits_of(text).zfill(12)
    if not is_card_number(number):
        raise _Wrong(RowProblem.BAD_NUMBER)
    return number


def _foreign(cell: Mapping[str, str]) -> Foreign:
    try:
        given = {"kind": cell["foreign_kind"].lower(), "id_key": cell["id_key"].lower()}
        return msgspec.convert(given, Foreign)
    except msgspec.ValidationError as error:
        raise _Wrong(RowProblem.BAD_FOREIGN) from error
