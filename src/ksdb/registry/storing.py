"""Checked rows go into PostgreSQL: looked up, told apart, sealed, and copied in, a chunk in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import psycopg

from ksdb.postgres.copying import copy_in
from ksdb.postgres.named import sql
from ksdb.registry.communes import address_key
from ksdb.registry.headings import Column
from ksdb.registry.matching import Arrival, Home, Lookups, Matcher, Registered, Verdict
from ksdb.registry.preparing import Prepared
from ksdb.registry.problems import Code, Problem

ROOM = "ksdb.registry"
RESIDENT_COLUMNS = (
    "household_id", "division_id", "full_name", "search_key", "sort_key", "sex", "birth_year", "born_on", "relation",
    "id_number_sealed", "id_number_key", "phone_sealed", "phone_key", "id_number_end", "phone_end", "id_document",
    "nationality", "old_id_number_key", "source_id", "registered_at", "source_row",
)  # fmt: skip
PROBLEM_COLUMNS = ("source_id", "row_number", "column", "code", "is_rejection", "other_row")


class House(NamedTuple):
    """What tells households apart: the number in the book, or the address where there is none."""

    division_id: int
    number: str
    address_key: str


Cursor = psycopg.Cursor[tuple[object, ...]]


class Placed(msgspec.Struct, frozen=True):
    """A prepared row and the residential group it belongs to."""

    prepared: Prepared
    division_id: int


class Store:
    """Writes the chunks of one import. What it remembers between chunks is in its matcher."""

    def __init__(self, source_id: int, at: datetime) -> None:
        self._source_id, self._at = source_id, at
        self._matcher = Matcher(source_id)
        self._last_before = 0

    def take(self, cursor: Cursor, placed: Sequence[Placed]) -> list[Verdict]:
        """Registers who is new and completes who is known; one verdict per row, in the order given."""
        cursor.execute(sql(ROOM, "lock_registry"))
        verdicts = self.verdicts(cursor, placed)
        new = [verdict.arrival for verdict in verdicts if verdict.is_new]
        self._last_before = _last_resident(cursor)
        sealed = {one.prepared.row.row: one.prepared for one in placed}
        copy_in(cursor, "resident", RESIDENT_COLUMNS, self._rows(new, _households(cursor, new), sealed))
        self._complete(cursor, verdicts, sealed)
        _give_households(cursor, verdicts)
        self._keep_claims(cursor, [v for v in verdicts if v.arrival.claimed and not v.is_rejected], sealed)
        return verdicts

    def verdicts(self, cursor: Cursor, placed: Sequence[Placed]) -> list[Verdict]:
        """What would become of each row. Writes nothing."""
        cursor.execute(sql(ROOM, "look_up_by_index"))
        arrivals = [_arrival(one) for one in placed]
        lookups = _lookups(cursor, arrivals)
        self._matcher.begin_chunk()
        return [self._matcher.verdict(arrival, lookups) for arrival in arrivals]

    def keep_problems(self, cursor: Cursor, problems: Iterable[Problem]) -> None:
        rows = ((self._source_id, p.row, p.column or "", p.code, p.is_rejection, p.other_row) for p in problems)
        copy_in(cursor, "registry_import_problem", PROBLEM_COLUMNS, rows)

    def _rows(
        self, new: Iterable[Arrival], households: dict[House, int], sealed: Mapping[int, Prepared]
    ) -> Iterator[tuple[object, ...]]:
        for arrival in new:
            row = arrival.row
            yield (
                households.get(_house(arrival)), arrival.home.division_id, row.name, row.search_key, row.sort_key,
                row.sex or "", row.birth.year, row.birth.on, row.relation,
                *_own(arrival, sealed[row.row]), self._source_id, self._at, row.row,
            )  # fmt: skip

    def _complete(self, cursor: Cursor, verdicts: Iterable[Verdict], sealed: Mapping[int, Prepared]) -> None:
        lacking = [v for v in verdicts if v.known and v.problem and v.problem.code is Code.KNOWN_COMPLETED]
        if lacking:
            told = [_own(verdict.arrival, sealed[verdict.arrival.row.row]) for verdict in lacking]
            columns = [list(column) for column in zip(*told, strict=True)]
            names = (
                "id_numbers", "id_number_keys", "phones", "phone_keys", "id_number_ends", "phone_ends",
                "documents", "nationalities", "old_keys",
            )  # fmt: skip
            ids = [verdict.known.id for verdict in lacking if verdict.known]
            cursor.execute(sql(ROOM, "complete_residents"), {"ids": ids, **dict(zip(names, columns, strict=True))})

    def give_guardians(
        self, cursor: Cursor, placed: Sequence[Placed], verdicts: Sequence[Verdict], division_id: int
    ) -> list[Problem]:
        """Who of these rows has a guardian within the division gets that one; says whose is not registered there."""
        asked = [
            (verdict, one.prepared.guardian_key)
            for one, verdict in zip(placed, verdicts, strict=True)
            if one.prepared.guardian_key and not verdict.is_rejected
        ]
        if not asked:
            return []
        given = {"keys": [key for _, key in asked], "division": division_id}
        bearers: dict[bytes, int] = dict(cursor.execute(sql(ROOM, "guardians_within"), given).fetchall())  # type: ignore[arg-type]
        people = self._people(cursor, [verdict for verdict, _ in asked])
        found = [(one, bearers.get(key)) for one, (_, key) in zip(people, asked, strict=True)]
        cared = [(one, bearer) for one, bearer in found if bearer and bearer != one]
        ids, guardians = [one for one, _ in cared], [bearer for _, bearer in cared]
        cursor.execute(sql(ROOM, "give_guardians"), {"ids": ids, "guardians": guardians})
        return [
            Problem(verdict.arrival.row.row, Column.GUARDIAN, Code.GUARDIAN_UNKNOWN)
            for (verdict, _), (one, bearer) in zip(asked, found, strict=True)
            if not bearer or bearer == one
        ]

    def _people(self, cursor: Cursor, verdicts: Sequence[Verdict]) -> list[int]:
        """The resident of each row of the chunk that was taken last."""
        asked = {"source": self._source_id, "last_before": self._last_before}
        made: dict[int, int] = dict(cursor.execute(sql(ROOM, "residents_of_rows"), asked).fetchall())  # type: ignore[arg-type]
        return [one.known.id if one.known else made[one.arrival.row.row] for one in verdicts]

    def _keep_claims(self, cursor: Cursor, claiming: Sequence[Verdict], sealed: Mapping[int, Prepared]) -> None:
        """A number that another record has is kept beside the person to whom the list gives it."""
        if not claiming:
            return
        rows = [verdict.arrival.row.row for verdict in claiming]
        people = self._people(cursor, claiming)
        numbers = [sealed[row].numbers[0] for row in rows]
        keys = [verdict.arrival.claimed for verdict in claiming]
        given = {"ids": people, "numbers": numbers, "keys": keys, "rows": rows}
        cursor.execute(sql(ROOM, "keep_claims"), {**given, "source": self._source_id, "at": self._at})


def _last_resident(cursor: Cursor) -> int:
    ((last,),) = cursor.execute(sql(ROOM, "last_resident")).fetchall()
    return int(last)  # type: ignore[call-overload,no-any-return]


def _own(arrival: Arrival, prepared: Prepared) -> tuple[bytes | int | str | None, ...]:
    """Numbers, ends, paper and old number of the person: without a number that another record has."""
    row = arrival.row
    if arrival.claimed:
        return None, None, *prepared.numbers[2:], None, prepared.ends[1], "", row.nationality, prepared.old_key
    document = "passport" if row.passport else ""
    return *prepared.numbers, *prepared.ends, document, row.nationality, prepared.old_key


def _arrival(placed: Placed) -> Arrival:
    row = placed.prepared.row
    return Arrival(row, Home(placed.division_id, row.household), placed.prepared.id_number_key)


def _lookups(cursor: Cursor, arrivals: Sequence[Arrival]) -> Lookups:
    keys = [arrival.id_number_key for arrival in arrivals if arrival.id_number_key]
    by_id_number = {known.id_number_key: known for known in _registered(cursor, "registered_by_id_number", keys=keys)}
    by_home: defaultdict[tuple[Home, str, int], list[Registered]] = defaultdict(list)
    for known in _at_home(cursor, arrivals):
        by_home[known.home, known.search_key, known.birth_year].append(known)
    return Lookups({key: known for key, known in by_id_number.items() if key}, by_home)


def _at_home(cursor: Cursor, arrivals: Sequence[Arrival]) -> Iterator[Registered]:
    homes = {arrival.home for arrival in arrivals if arrival.home.household}
    yield from _registered(cursor, "registered_in_households", **_unzipped(homes))
    loose = [arrival for arrival in arrivals if not arrival.home.household]
    if loose:
        divisions = list({arrival.home.division_id for arrival in loose})
        names = [arrival.row.search_key for arrival in loose]
        yield from _registered(cursor, "registered_without_household", divisions=divisions, names=names)


def _registered(cursor: Cursor, query: str, **parameters: object) -> Iterator[Registered]:
    rows = cursor.execute(sql(ROOM, query), parameters).fetchall()
    for resident_id, division_id, household, *rest in rows:
        yield Registered(resident_id, Home(division_id, household), *rest)  # type: ignore[arg-type]


def _house(arrival: Arrival) -> House:
    home, row = arrival.home, arrival.row
    return House(home.division_id, home.household, "" if home.household else address_key(row.address))


def _households(cursor: Cursor, arrivals: Iterable[Arrival]) -> dict[House, int]:
    """The household of each; made where the list is the first to name it, in the order of the list."""
    first: dict[House, tuple[str, int]] = {}
    for arrival in arrivals:
        house = _house(arrival)
        if house.number or house.address_key:
            address, position = first.get(house, ("", arrival.row.row))
            first[house] = (address or arrival.row.address, position)
    keys = [house.address_key for house in first]
    houses = {**_unzipped(Home(one.division_id, one.number) for one in first), "address_keys": keys}
    addresses = [address for address, _ in first.values()]
    positions = [position for _, position in first.values()]
    cursor.execute(sql(ROOM, "ensure_households"), {**houses, "addresses": addresses, "positions": positions})
    found = cursor.execute(sql(ROOM, "household_ids"), houses).fetchall()
    return {House(*which): household_id for *which, household_id in found}  # type: ignore[misc,arg-type]


def _give_households(cursor: Cursor, verdicts: Iterable[Verdict]) -> None:
    """Who was registered without a household comes into that of the address which the list now says."""
    told = {v.known.id: v.arrival for v in verdicts if v.known and v.known.home == v.arrival.home and _is_by_address(v)}
    if not told:
        return
    rows = cursor.execute(sql(ROOM, "without_household"), {"ids": list(told)}).fetchall()
    lacking = {int(row[0]): told[int(row[0])] for row in rows}  # type: ignore[call-overload]
    if lacking:
        households = _households(cursor, lacking.values())
        given = [households[_house(arrival)] for arrival in lacking.values()]
        cursor.execute(sql(ROOM, "give_households"), {"ids": list(lacking), "households": given})


def _is_by_address(verdict: Verdict) -> bool:
    return bool(verdict.arrival.row.address) and not verdict.arrival.home.household


def _unzipped(homes: Iterable[Home]) -> dict[str, list[int] | list[str]]:
    listed = list(homes)
    return {"divisions": [home.division_id for home in listed], "book_numbers": [home.household for home in listed]}
