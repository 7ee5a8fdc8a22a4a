"""The SQL engine: who was where a case was, while the case was infectious. Permissions are its callers' to check."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection

from ksdb.core.copresence import OverlapRule, stays_within
from ksdb.core.stay import LONGEST_STAY, Scan, Stay, stays_of
from ksdb.postgres.named import sql

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVER = datetime(1, 1, 2, tzinfo=UTC)
UNIT = timedelta(microseconds=1)
"""The unit in which core counts here: PostgreSQL's own, so that nothing is rounded."""

Period = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Exposure:
    """One co-presence of a resident with the case, `[started_at, ended_at)` at a point."""

    resident_id: int
    point_id: int
    started_at: datetime
    ended_at: datetime
    is_observed: bool


@dataclass(frozen=True, slots=True)
class Met:
    """All exposures of one resident, added up."""

    resident_id: int
    exposures: tuple[Exposure, ...]

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
        """The parameters of the query `exposures`, whose bounds reach as far as a stay can."""
        arrived = [instant(stay.arrived) for stay in self.stays]
        until = [instant(stay.departed + rule.linger) for stay in self.stays]
        usual = [UNIT * self.usual[stay.point] for stay in self.stays]
        reach = max([LONGEST_STAY, *usual])
        return {
            "case": self.records,
            "points": [stay.point for stay in self.stays],
            "usual": usual,
            "arrived": arrived,
            "until": until,
            "observed": [stay.is_observed for stay in self.stays],
            "longest": LONGEST_STAY,
            "least": UNIT * rule.least,
            "since": min(arrived) - reach,
            "before": max(until) + reach + UNIT,
        }


@dataclass(frozen=True)
class Found:
    """What the visit log says: the case's stays while infectious, co-presences, and scans of nobody known there."""

    stays: list[Stay] = field(default_factory=list)
    exposures: list[Exposure] = field(default_factory=list)
    unverified_count: int = 0

    @property
    def contacts(self) -> list[Met]:
        """One per resident, in the order of their numbers."""
        by_resident: dict[int, list[Exposure]] = defaultdict(list)
        for exposure in self.exposures:
            by_resident[exposure.resident_id].append(exposure)
        return [Met(resident_id, tuple(met)) for resident_id, met in sorted(by_resident.items())]


def find(records: Sequence[int], infectious: Period, rule: OverlapRule) -> Found:
    """Everything one trace finds of a person with these records; the rule's times in `units`.

    At most four queries: run it in one snapshot.
    """
    case = case_stays(records, infectious)
    if not case.stays:
        return Found()
    asked = case.asked(rule)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "exposures"), asked)
        exposures = list(_followed_up(cursor.fetchall()))
        cursor.execute(sql("ksdb.tracing", "unverified"), asked)
        return Found(case.stays, exposures, int(cursor.fetchone()[0]))


def case_stays(records: Sequence[int], infectious: Period) -> CaseStays:
    """The person's stays cut to the period, by core.stay itself: one person's scans are few."""
    scans, usual = _scans_of(list(records), EVER)
    together = sorted((scan for one in records for scan in scans[one]), key=lambda scan: scan.at)
    whole = stays_of(together, usual.__getitem__, units(LONGEST_STAY))
    return CaseStays(list(records), list(stays_within(whole, (count(infectious[0]), count(infectious[1])))), usual)


def _scans_of(resident_ids: list[int], since: datetime) -> tuple[dict[int, list[Scan]], dict[int, int]]:
    """Scans by resident, and the usual stay of each point among them."""
    scans: dict[int, list[Scan]] = defaultdict(list)
    usual: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "scans_of"), {"residents": resident_ids, "since": since})
        for resident_id, at, point_id, is_exit, usual_minutes in cursor.fetchall():
            scans[resident_id].append(Scan(count(at), point_id, is_exit))
            usual[point_id] = units(timedelta(minutes=usual_minutes))
    return scans, usual


def _followed_up(rows: list[tuple[int, int, datetime, datetime, bool, datetime | None]]) -> Iterator[Exposure]:
    """The exposures, with the exits that ended stays long after the case had gone."""
    ends = _observed_ends({(resident_id, point_id, at) for resident_id, point_id, *_, at in rows if at})
    for resident_id, point_id, started_at, ended_at, is_observed, goes_on_at in rows:
        exposure = Exposure(resident_id, point_id, started_at, ended_at, is_observed)
        is_ended = goes_on_at is not None and (resident_id, point_id, goes_on_at) in ends
        yield replace(exposure, is_observed=True) if is_ended else exposure


def _observed_ends(going_on: set[tuple[int, int, datetime]]) -> set[tuple[int, int, datetime]]:
    """Of stays that go on at an instant at a point, those that an exit ended."""
    if not going_on:
        return set()
    scans, usual = _scans_of(sorted({r for r, _, _ in going_on}), min(at for _, _, at in going_on))
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
