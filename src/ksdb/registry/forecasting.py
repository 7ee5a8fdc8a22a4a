"""What an import would come to: the same checks and look-ups, over the whole file, and nothing is written.

Whom the file names twice is found within a chunk by the rules of the import, and across chunks by counting hashes, of
eight bytes a row: memory stays small, and the preview of a million rows may be a few rows off.
"""

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ksdb.core.clock import now
from ksdb.registry.checking import CheckedRow
from ksdb.registry.headings import Column, plain
from ksdb.registry.matching import Verdict
from ksdb.registry.preparing import Chunk, Prepared
from ksdb.registry.previews import SAMPLE_ROWS, Found, Preview, SampleProblem, SampleRow
from ksdb.registry.problems import REJECTIONS, Code, Problem
from ksdb.registry.storing import Cursor, Placed, Store

MOST_GROUPS = 200
MOST_TOLD = 5_000
"""So many problems are told row by row: who has more looks at the table of their kinds, and mends the file first."""


class Groups(Protocol):
    """Finds the residential group of a row if there is one already."""

    def foresee(self, row: CheckedRow) -> int | None: ...


class Forecast:
    """Takes the chunks of one file, and says at the end what they come to."""

    def __init__(self, source_id: int, groups: Groups) -> None:
        self._groups, self._store = groups, Store(source_id, now())
        self._places: dict[tuple[int, str], int] = {}
        self._new_groups: list[str] = []
        self._kinds: Counter[tuple[Code, Column | None]] = Counter()
        self._first: dict[tuple[Code, Column | None], int] = {}
        self._hashes: dict[Code, array[int]] = {Code.ID_NUMBER_TWICE: array("q"), Code.PERSON_TWICE: array("q")}
        self.row_count = self._new = self._rejected = self._warned = self._told = 0
        self.sample: list[SampleRow] = []

    def take(self, cursor: Cursor, chunk: Chunk) -> None:
        """Counts the chunk, and keeps what there is to say of its rows, of the first that anything is said of."""
        verdicts = self._store.verdicts(cursor, [Placed(one, self._place(one.row)) for one in chunk.prepared])
        found: dict[int, list[Problem]] = {}
        for problem in [*chunk.problems, *(verdict.problem for verdict in verdicts if verdict.problem)]:
            found.setdefault(problem.row, []).append(problem)
        self._count(chunk, verdicts, found)
        self._note_persons(chunk.prepared, verdicts)
        told = [problem for row in sorted(found) for problem in found[row]][: MOST_TOLD - self._told]
        self._told += len(told)
        self._store.keep_problems(cursor, told)
        if not self.sample:
            self._sample(chunk, verdicts, found)

    def _place(self, row: CheckedRow) -> int:
        key = row.commune.id, row.group.lower()
        if key not in self._places:
            number = self._groups.foresee(row)
            if number is None:
                self._new_groups.append(f"{row.group}, {row.commune.name}")
            self._places[key] = number or -len(self._new_groups)
        return self._places[key]

    def _count(self, chunk: Chunk, verdicts: Sequence[Verdict], found: dict[int, list[Problem]]) -> None:
        rejected = sum(any(problem.is_rejection for problem in said) for said in found.values())
        self.row_count += len(chunk.raws)
        self._new += sum(verdict.is_new for verdict in verdicts)
        self._rejected += rejected
        self._warned += len(found) - rejected
        for said in found.values():
            for problem in said:
                kind = problem.code, problem.column
                self._kinds[kind] += 1
                self._first.setdefault(kind, problem.row)

    def _note_persons(self, prepared: Sequence[Prepared], verdicts: Sequence[Verdict]) -> None:
        for one, verdict in zip(prepared, verdicts, strict=True):
            if verdict.is_rejected:
                continue
            row, key = one.row, verdict.arrival.id_number_key
            code = Code.ID_NUMBER_TWICE if key else Code.PERSON_TWICE
            told = key or (verdict.arrival.home, row.sort_key, row.birth.year, row.birth.on)
            self._hashes[code].append(hash(told))

    def _sample(self, chunk: Chunk, verdicts: Sequence[Verdict], found: dict[int, list[Problem]]) -> None:
        known = {verdict.arrival.row.row for verdict in verdicts if verdict.known}
        for raw in chunk.raws[:SAMPLE_ROWS]:
            said = found.get(raw.number, [])
            is_rejected = any(problem.is_rejection for problem in said)
            word = "rejected" if is_rejected else "known" if raw.number in known else "new"
            problems = tuple(SampleProblem(one.code, one.column or "", one.other_row) for one in said)
            self.sample.append(SampleRow(raw.number, tuple(plain(cell) for cell in raw.cells), word, problems))

    def preview(self) -> Preview:
        again = {code: _repeated(hashes) for code, hashes in self._hashes.items()}
        for code, count in again.items():
            column = Column.ID_NUMBER if code is Code.ID_NUMBER_TWICE else Column.NAME
            if count:
                self._kinds[code, column] += count
        kinds = sorted(self._kinds.items(), key=lambda item: (item[0][0] not in REJECTIONS, -item[1]))
        found = [
            Found(code, column or "", code in REJECTIONS, count, self._first.get((code, column), 0))
            for (code, column), count in kinds
        ]
        repeated = sum(again.values())
        new, rejected = max(0, self._new - repeated), self._rejected + repeated
        known = self.row_count - new - rejected
        return Preview(new, known, rejected, self._warned, tuple(self._new_groups[:MOST_GROUPS]), tuple(found))


def _repeated(hashes: "array[int]") -> int:
    """How many stand there beyond the first of each."""
    return len(hashes) - len(np.unique(np.frombuffer(hashes, np.int64))) if hashes else 0
