"""The SQL engine: who was where a case was, while the case was infectious. Permissions are its callers' to check."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection

from ksdb.core.copresence import OverlapRule, stays_within
from ksdb.core.stay import LONGEST_STAY, Scan, Stay, stays_of, windows_of
from ksdb.postgres.named import sql
from ksdb.postgres.prepared import answered
from ksdb.tracing.persons import Persons, merged_persons

ROOM = "ksdb.tracing"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVER = datetime(1, 1, 2, tzinfo=UTC)
UNIT = timedelta(microseconds=1)
"""The unit in which core counts here: PostgreSQL's own, so that nothing is rounded."""
MOST_OF_A_CASE = 500
"""With more stays than that one plan made for all of them is faster than the one that is kept."""

Period = tuple[datetime, datetime]


class Exposure(NamedTuple):
    """One co-presence of a resident, `[started_at, ended_at)` at a point, with the case or with `through_id`.

    A tuple, as a trace makes thousands: half of its time went into checking that nobody changes them.
    """

    resident_id: int
    point_id: int
    started_at: datetime
    ended_at: datetime
    is_observed: bool
    through_id: int | None = None


@dataclass(frozen=True, slots=True)
class Met:
    """All exposures of one resident, added up."""

    resident_id: int
    exposures: tuple[Exposure, ...]
    generation: int = 1

    @property
    def through_id(self) -> int | None:
        """Whom of the generation before he met first, of several the one with the lowest number."""
        return min(self.exposures, key=lambda one: (one.started_at, one.through_id or 0)).through_id

    @property
    def seconds(self) -> int:
        return int(sum((e.ended_at - e.started_at for e in self.exposures), timedelta()).total_seconds())

    @property
    def first_at(self) -> datetime:
        return min(e.started_at for e in self.exposures)

    @property
    def last_at(self) -> datetime:
        return max(e.ended_at for e in self.exposures)

    @property
    def is_observed(self) -> bool:
        return all(e.is_observed for e in self.exposures)


@dataclass(frozen=True)
class CaseStays:
    """Where a case stayed while infectious, by all records of the person, with the usual stay at each point."""

    records: list[int]
    stays: list[Stay]
    usual: dict[int, int]

    def asked(self, rule: OverlapRule) -> dict[str, Any]:
        """The parameters of the query `exposures`."""
        return {**asked([(self.records[0], stay) for stay in self.stays], self.usual, rule), "case": self.records}


@dataclass(frozen=True)
class Found:
    """What the visit log says: the case's stays while infectious, co-presences, and scans of nobody known there."""

    stays: list[Stay] = field(default_factory=list)
    exposures: list[Exposure] = field(default_factory=list)
    unverified_count: int = 0
    second: list[Exposure] = field(default_factory=list)
    second_count: int = 0

    @property
    def contacts(self) -> list[Met]:
        """One per resident, in the order of their numbers; the second generation after the first."""
        return [*added_up(self.exposures), *added_up(self.second, 2)]


def added_up(exposures: Iterable[Exposure], generation: int = 1) -> list[Met]:
    """One per resident, in the order of their numbers."""
    by_resident: dict[int, list[Exposure]] = defaultdict(list)
    for exposure in exposures:
        by_resident[exposure.resident_id].append(exposure)
    return [Met(resident_id, tuple(met), generation) for resident_id, met in sorted(by_resident.items())]


def asked(stays: Sequence[tuple[int, Stay]], usual: Mapping[int, int], rule: OverlapRule) -> dict[str, Any]:
    """The parameters of the query `exposures` for stays, each with its resident; bounds reach as far as a stay can."""
    rules = [rule.at(stay.point) for _, stay in stays]
    arrived = [instant(stay.arrived) for _, stay in stays]
    until = [instant(stay.departed + its.linger) for (_, stay), its in zip(stays, rules, strict=True)]
    usually = [UNIT * usual[stay.point] for _, stay in stays]
    windows = [UNIT * its.window for its in rules]
    reach = max([LONGEST_STAY, *windows, *usually])
    return {
        "case": [],
        "residents": [resident_id for resident_id, _ in stays],
        "points": [stay.point for _, stay in stays],
        "usual": usually,
        "arrived": arrived,
        "until": until,
        "observed": [stay.is_observed for _, stay in stays],
        "longest": LONGEST_STAY,
        "window": windows,
        "least": [UNIT * its.least for its in rules],
        "since": min(arrived) - reach,
        "before": max(until) + reach + UNIT,
    }


def find(records: Sequence[int], infectious: Period, rule: OverlapRule) -> Found:
    """Everything one trace finds of a person with these records; the rule's times in `units`.

    At most four queries: run it in one snapshot.
    """
    case = case_stays(records, infectious, rule)
    if not case.stays:
        return Found()
    questions = case.asked(rule)
    return Found(case.stays, exposures_of(questions, is_first=True), unverified_at(questions))


def find_second(found: Found, records: Sequence[int], spans: tuple[int, datetime], rule: OverlapRule) -> Found:
    """Found with everybody whom its contacts met afterwards. `spans`: the latent time in `units`, and the end.

    A contact with several records passes it on wherever any of them was scanned, and is one contact.
    """
    persons = merged_persons()
    first = {one: count(at) + spans[0] for one, at in first_of_persons(found.exposures, persons).items()}
    known = {*records, *persons.records_of(first)}
    stays, usual = stays_after(first, spans[1], persons, rule)
    if not stays:
        return found
    second = [one for one in exposures_of(asked(stays, usual, rule)) if one.resident_id not in known]
    return replace(found, second=second, second_count=len({persons.person(one.resident_id) for one in second}))


def stays_after(
    begins: Mapping[int, int], end: datetime, persons: Persons, rule: OverlapRule
) -> tuple[list[tuple[int, Stay]], dict[int, int]]:
    """The persons' stays by all their scans, each person's cut to what lies after his beginning and before the end."""
    scans, usual = _scans_of({one: persons.person(one) for one in persons.records_of(begins)}, EVER)
    stays = [
        (person, stay)
        for person, begin in begins.items()
        for stay in stays_within(_stays(scans[person], usual, rule), (begin, count(end)))
    ]
    return stays, usual


def first_of_persons(exposures: Iterable[Exposure], persons: Persons) -> dict[int, datetime]:
    """When each person was first exposed, by any record; in the order of persons' numbers."""
    first: dict[int, datetime] = {}
    for one in exposures:
        person = persons.person(one.resident_id)
        first[person] = min(one.started_at, first.get(person, one.started_at))
    return dict(sorted(first.items()))


def exposures_of(questions: dict[str, Any], *, is_first: bool = False) -> list[Exposure]:
    """All co-presences with the stays asked about; `through_id` is whose stay it was, where it is not the case's."""
    name = "window_exposures" if any(questions["window"]) else "exposures"
    if len(questions["points"]) <= MOST_OF_A_CASE:
        rows = answered(connection, ROOM, name, questions)
    else:
        with connection.cursor() as cursor:
            cursor.execute(sql(ROOM, name), questions)
            rows = cursor.fetchall()
    return _followed_up(rows, is_first=is_first)


def unverified_at(questions: dict[str, Any]) -> int:
    """How many entries around the stays asked about belong to no known resident."""
    return int(answered(connection, ROOM, "unverified", questions)[0][0])


def case_stays(records: Sequence[int], infectious: Period, rule: OverlapRule | None = None) -> CaseStays:
    """The person's stays cut to the period, by core.stay itself: one person's scans are few."""
    scans, usual = _scans_of(dict.fromkeys(records, records[0]), EVER)
    whole = _stays(scans[records[0]], usual, rule)
    return CaseStays(list(records), list(stays_within(whole, (count(infectious[0]), count(infectious[1])))), usual)


def _stays(scans: Sequence[Scan], usual: Mapping[int, int], rule: OverlapRule | None) -> list[Stay]:
    """One person's stays as the rule has them."""
    if rule and rule.window:
        return windows_of(scans, lambda point: rule.at(point).window)
    return stays_of(scans, usual.__getitem__, units(LONGEST_STAY))


def _scans_of(owners: Mapping[int, int], since: datetime) -> tuple[dict[int, list[Scan]], dict[int, int]]:
    """Scans by the owner of each resident, in their order, and the usual stay of each point among them."""
    scans: dict[int, list[Scan]] = defaultdict(list)
    usual: dict[int, int] = {}
    rows = answered(connection, ROOM, "scans_of", {"residents": sorted(owners), "since": since})
    for resident_id, at, point_id, is_exit, usual_minutes in rows:
        scans[owners[resident_id]].append(Scan(count(at), point_id, is_exit))
        usual[point_id] = units(timedelta(minutes=usual_minutes))
    return scans, usual


def _followed_up(
    rows: list[tuple[int, int, datetime, datetime, bool, datetime | None, int]], *, is_first: bool
) -> list[Exposure]:
    """The exposures, with the exits that ended stays long after the case had gone."""
    ends = _observed_ends({(row[0], row[1], row[5]) for row in rows if row[5]})
    return [
        Exposure(who, point, started, ended, observed or (who, point, goes_on) in ends, None if is_first else through)
        for who, point, started, ended, observed, goes_on, through in rows
    ]


def _observed_ends(going_on: set[tuple[int, int, datetime]]) -> set[tuple[int, int, datetime]]:
    """Of stays that go on at an instant at a point, those that an exit ended."""
    if not going_on:
        return set()
    scans, usual = _scans_of({r: r for r, _, _ in going_on}, min(at for _, _, at in going_on))
    found = set()
    for resident_id, point_id, at in going_on:
        later = [scan for scan in scans[resident_id] if scan.at >= count(at)]
        stays = stays_of(later, usual.__getitem__, units(LONGEST_STAY))
        if any(s.point == point_id and s.arrived == count(at) and s.is_observed for s in stays):
            found.add((resident_id, point_id, at))
    return found


def units(length: timedelta) -> int:
    """A length of time as core counts it here."""
    return length // UNIT


def count(at: datetime) -> int:
    return (at - EPOCH) // UNIT


def instant(count: int) -> datetime:
    return EPOCH + UNIT * count
