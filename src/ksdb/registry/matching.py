"""Is this person new, known already, or a mistake? Decided from what is registered and what the file said before."""

from array import array
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import repeat
from typing import NamedTuple

import msgspec

from ksdb.registry.checking import CheckedRow
from ksdb.registry.headings import Column
from ksdb.registry.problems import Code, Problem


class Home(NamedTuple):
    """Where persons are told apart by name and birth: a household, or a group for those without (`household` "")."""

    division_id: int
    household: str


class Registered(msgspec.Struct, frozen=True):
    """What the registry knows of a person who may be the one of a row.

    Of a record that was merged, `id` is the one that counts; `names` are folded name and year of all their records.
    """

    id: int
    home: Home
    search_key: str
    sort_key: str
    birth_year: int
    born_on: date | None
    id_number_key: bytes | None
    has_phone: bool
    has_old_number: bool
    source_id: int | None
    source_row: int | None
    names: Sequence[str] = ()


class Arrival(msgspec.Struct, frozen=True):
    """A checked row with its home, and the match key of its ID number; or of one that another record has, `claimed`."""

    row: CheckedRow
    home: Home
    id_number_key: bytes | None
    claimed: bytes | None = None


class Verdict(msgspec.Struct, frozen=True):
    """`known` is the person registered already. A row is new when it is neither known nor rejected."""

    arrival: Arrival
    known: Registered | None = None
    problem: Problem | None = None

    @property
    def is_rejected(self) -> bool:
        return self.problem is not None and self.problem.is_rejection

    @property
    def is_new(self) -> bool:
        return self.known is None and not self.is_rejected

    def is_known_from(self, source_id: int) -> bool:
        return self.known is not None and self.known.source_id == source_id


class Lookups(msgspec.Struct, frozen=True):
    """The registered persons that the rows of a chunk may be."""

    by_id_number: Mapping[bytes, Registered]
    by_home: Mapping[tuple[Home, str, int], Sequence[Registered]]


class Matcher:
    """Remembers the persons of one file by row, so that the second row of a person can name the first.

    Whom the file brought in is found by `source_row`, so only the persons of one chunk are kept as they are; of those
    who were registered before, a number each: memory does not grow with the file.
    """

    def __init__(self, source_id: int) -> None:
        self._source_id = source_id
        self._id_numbers: dict[bytes, int] = {}
        self._people: defaultdict[tuple[Home, str, int], list[Arrival]] = defaultdict(list)
        self._rows_of_known = RowsByNumber()

    def begin_chunk(self) -> None:
        self._id_numbers.clear()
        self._people.clear()

    def verdict(self, arrival: Arrival, lookups: Lookups) -> Verdict:
        found = self._by_id_number(arrival, lookups) or self._by_home(arrival, lookups) or Verdict(arrival)
        if not found.is_rejected:
            self._remember(arrival, found.known)
        return found

    def _remember(self, arrival: Arrival, known: Registered | None) -> None:
        if arrival.id_number_key:
            self._id_numbers[arrival.id_number_key] = arrival.row.row
        self._people[_person(arrival)].append(arrival)
        if known and known.source_id != self._source_id:
            self._rows_of_known.put(known.id, arrival.row.row)

    def _row_before(self, known: Registered, row: int) -> int | None:
        """The other row of this file that the person stands in already."""
        first = known.source_row if known.source_id == self._source_id else self._rows_of_known.get(known.id)
        return first if first and first != row else None

    def _by_id_number(self, arrival: Arrival, lookups: Lookups) -> Verdict | None:
        key, row = arrival.id_number_key, arrival.row
        if key is None:
            return None
        known = lookups.by_id_number.get(key)
        first = self._id_numbers.get(key) or (self._row_before(known, row.row) if known else None)
        if first:
            return _said(arrival, Code.ID_NUMBER_TWICE, Column.ID_NUMBER, first)
        if known is None:
            return None
        if f"{row.search_key} {row.birth.year}" not in known.names:
            return self._without_number(Arrival(row, arrival.home, None, key), lookups)
        if known.home != arrival.home:
            return _known(arrival, known, Code.KNOWN_ELSEWHERE)
        return _completed(arrival, known)

    def _without_number(self, arrival: Arrival, lookups: Lookups) -> Verdict:
        """Somebody else has the number: who it is, an officer decides. What else there is to say comes first."""
        found = self._by_home(arrival, lookups) or Verdict(arrival)
        if found.problem and (found.is_rejected or found.problem.code is Code.KNOWN_COMPLETED):
            return found
        return Verdict(arrival, found.known, Problem(arrival.row.row, Column.ID_NUMBER, Code.ID_NUMBER_TAKEN))

    def _by_home(self, arrival: Arrival, lookups: Lookups) -> Verdict | None:
        earlier = self._people.get(_person(arrival), ())
        twice = next((other for other in earlier if _is_same(arrival, other)), None)
        if twice:
            return _said(arrival, Code.PERSON_TWICE, Column.NAME, twice.row.row)
        candidates = lookups.by_home.get(_person(arrival), ())
        matches = [known for known in candidates if _may_be(arrival, known)]
        exact = next((known for known in matches if known.sort_key == arrival.row.sort_key), None)
        if exact:
            first = self._row_before(exact, arrival.row.row)
            said = _said(arrival, Code.PERSON_TWICE, Column.NAME, first) if first else None
            return said or _completed(arrival, exact)
        # Within one file two spellings are two persons (twins): whoever this file brought in does not count here.
        respelled = next((known for known in matches if known.source_id != self._source_id), None)
        if respelled:
            return _known(arrival, respelled, Code.KNOWN_OTHER_SPELLING)
        is_doubtful = arrival.home.household and (earlier or candidates)
        return _said(arrival, Code.SAME_PERSON_DOUBT, Column.NAME) if is_doubtful else None


class RowsByNumber:
    """A row for each resident's number, four bytes each."""

    def __init__(self) -> None:
        self._rows = array("i")

    def put(self, number: int, row: int) -> None:
        if number >= len(self._rows):
            self._rows.extend(repeat(0, number + 1 - len(self._rows)))
        self._rows[number] = row

    def get(self, number: int) -> int | None:
        return self._rows[number] or None if number < len(self._rows) else None


def _person(arrival: Arrival) -> tuple[Home, str, int]:
    return arrival.home, arrival.row.search_key, arrival.row.birth.year


def _is_same(one: Arrival, other: Arrival) -> bool:
    return (
        one.row.sort_key == other.row.sort_key
        and _agree(one.row.birth.on, other.row.birth.on)
        and _agree(one.id_number_key, other.id_number_key)
    )


def _may_be(arrival: Arrival, known: Registered) -> bool:
    return _agree(arrival.row.birth.on, known.born_on) and _agree(arrival.id_number_key, known.id_number_key)


def _agree(one: object, other: object) -> bool:
    return one is None or other is None or one == other


def _completed(arrival: Arrival, known: Registered) -> Verdict:
    """Known, with what the registry lacked and the row says."""
    brings_number = arrival.id_number_key is not None and known.id_number_key is None
    brings_phone = bool(arrival.row.phone) and not known.has_phone
    brings_old = bool(arrival.row.old_id_number) and not known.has_old_number
    brings = brings_number or brings_phone or brings_old
    return _known(arrival, known, Code.KNOWN_COMPLETED if brings else None)


def _known(arrival: Arrival, known: Registered, code: Code | None = None) -> Verdict:
    return Verdict(arrival, known, Problem(arrival.row.row, None, code) if code else None)


def _said(arrival: Arrival, code: Code, column: Column, other_row: int | None = None) -> Verdict:
    return Verdict(arrival, None, Problem(arrival.row.row, column, code, other_row))
