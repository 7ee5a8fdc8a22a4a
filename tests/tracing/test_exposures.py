"""The SQL engine against core, on many small random worlds and on the cases that are easy to get wrong."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

import pytest
from django.db import connection
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ksdb.core.copresence import CoPresence, OverlapRule, copresences
from ksdb.core.scope import system_scope
from ksdb.core.stay import LONGEST_STAY, Scan, stays_of, windows_of
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.postgres.copying import copy_in
from ksdb.tracing.exposures import Exposure, count, find, instant, units
from ksdb.visits.disputing import Raiser, Reason, State
from ksdb.visits.models import Dispute

START = datetime(2026, 11, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONGEST_MINUTES = int(LONGEST_STAY / MINUTE)
COLUMNS = ("point_id", "scanned_at", "device_id", "sequence", "card_index", "resident_id", "result", "is_exit")
CASE = 1

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Seen:
    """One scan of a small world: minutes after START, the place's number, and the device's own count."""

    resident: int
    at: int
    place: int
    is_exit: bool = False
    sequence: int = 0


@dataclass(frozen=True)
class World:
    """Usual stays of the places, scans, the infectious period and the rule, all in minutes."""

    usual: tuple[int, ...]
    scans: tuple[Seen, ...]
    infectious: tuple[int, int]
    rule: OverlapRule


@pytest.fixture
def places(commune_a: Division) -> list[ScanPoint]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions('2026-10-30', '2026-11-08')")
    kinds = {"type_id": "shop", "division": commune_a, "opens_at": time(0), "closes_at": time(23, 59)}
    points = [ScanPoint(name=f"Quán {n}", usual_stay_minutes=30, **kinds) for n in range(3)]
    return make_points(system_scope(), points)


def at(minutes: int) -> datetime:
    return START + minutes * MINUTE


def put(scans: Sequence[Seen], places: Sequence[ScanPoint]) -> None:
    rows = [
        (places[s.place].pk, at(s.at), 1 + s.place, s.sequence or n, 7, s.resident, 1, s.is_exit)
        for n, s in enumerate(scans, 1)
    ]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM visit_dispute")
        cursor.execute("DELETE FROM visit")
        copy_in(cursor.connection.cursor(), "visit", COLUMNS, rows)


def dispute(scans: Collection[Seen], places: Sequence[ScanPoint]) -> None:
    """The visits of these scans count no more."""
    for scan in scans:
        Dispute.objects.create(
            point_id=places[scan.place].pk,
            scanned_at=at(scan.at),
            device_id=1 + scan.place,
            sequence=scan.sequence,
            resident_id=scan.resident,
            reason=Reason.OTHER,
            raised_as=Raiser.RESIDENT,
            raised_at=START,
            due_on=START.date(),
            state=State.ACCEPTED,
        )


def by_core(world: World) -> list[tuple[int, CoPresence]]:
    """Every pair looked at, in minutes; the order of scans is the one core asks for."""
    numbered = [(s.at, s.sequence or n, 1 + s.place, s) for n, s in enumerate(world.scans, 1)]
    in_order = [s for *_, s in sorted(numbered, key=lambda row: row[:3])]
    scans = {
        r: [Scan(s.at, s.place, s.is_exit) for s in in_order if s.resident == r]
        for r in {s.resident for s in world.scans} | {CASE}
    }
    stays = {
        r: windows_of(theirs, lambda place: world.rule.at(place).window)
        if world.rule.window
        else stays_of(theirs, world.usual.__getitem__, LONGEST_MINUTES)
        for r, theirs in scans.items()
    }
    return sorted(
        (
            (r, met)
            for r, theirs in stays.items()
            if r != CASE
            for met in copresences(stays[CASE], theirs, world.infectious, world.rule)
        ),
        key=repr,
    )


def by_sql(world: World, places: Sequence[ScanPoint], *, is_stored: bool = False) -> list[tuple[int, CoPresence]]:
    if not is_stored:
        put(world.scans, places)
    for place, usual in zip(places, world.usual, strict=True):
        ScanPoint.objects.filter(pk=place.pk).update(usual_stay_minutes=usual)
    numbers = {place.pk: n for n, place in enumerate(places)}
    found = find([CASE], (at(world.infectious[0]), at(world.infectious[1])), in_units(world.rule, places))
    return sorted(((e.resident_id, in_minutes(e, numbers)) for e in found.exposures), key=repr)


def in_units(rule: OverlapRule, places: Sequence[ScanPoint]) -> OverlapRule:
    """The rule in the engines' units, with the points' own numbers."""
    parts = (units(part * MINUTE) for part in (rule.least, rule.linger, rule.window))
    return OverlapRule(*parts, {places[n].pk: in_units(one, places) for n, one in rule.special.items()})


def in_minutes(e: Exposure, numbers: dict[int, int]) -> CoPresence:
    started, ended = ((moment - START) // MINUTE for moment in (e.started_at, e.ended_at))
    return CoPresence(numbers[e.point_id], started, ended, e.is_observed)


# Few people, few places and a coarse grid of minutes, so that meetings, ties, touching ends and crossings of midnight
# (17:00 UTC, minute 1020) come up all the time.
MINUTES = st.builds(lambda part, step: part + step * 5, st.sampled_from([0, 0, 0, 960, 990, 1980]), st.integers(0, 18))


@st.composite
def trips(draw: st.DrawFn) -> list[Seen]:
    """Somebody comes to a place, perhaps is scanned again, perhaps leaves by a scan."""
    resident, place, minute = draw(st.integers(1, 3)), draw(st.sampled_from([0, 0, 0, 1, 2])), draw(MINUTES)
    entries = [Seen(resident, minute + again * 15, place) for again in range(draw(st.sampled_from([1, 1, 2, 3])))]
    lasts = draw(st.sampled_from([None, None, 0, 5, 20, 45, 600, 930, 960, 961]))
    exits = [] if lasts is None else [Seen(resident, minute + lasts, place, is_exit=True)]
    return [*entries, *exits] if draw(st.booleans()) else [*exits, *entries]


RULES = st.builds(OverlapRule, st.sampled_from([0, 0, 1, 10, 15]), st.sampled_from([0, 0, 20, 120]))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    seen = [scan for trip in draw(st.lists(trips(), min_size=2, max_size=9)) for scan in trip]
    counts = draw(st.permutations(range(1000, 1000 + len(seen)))) if draw(st.booleans()) else range(1, len(seen) + 1)
    start = draw(st.sampled_from([-60, -60, 0, 30, 970, 1000]))
    return World(
        usual=tuple(draw(st.sampled_from([0, 5, 15, 15, 30, 60, 480, 1200])) for _ in range(3)),
        scans=tuple(replace(scan, sequence=number) for scan, number in zip(seen, counts, strict=True)),
        infectious=(start, start + draw(st.sampled_from([5, 60, 600, 2880, 2880]))),
        rule=replace(draw(RULES), special=draw(st.dictionaries(st.integers(0, 2), RULES, max_size=1))),
    )


DAY = (0, 1440)
FIFTEEN = OverlapRule(15)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds())
@example(  # an exit after a long stay, the entry far out of the usual
    world=World((30, 30, 30), (Seen(2, 0, 0), Seen(1, 600, 0), Seen(2, 960, 0, is_exit=True)), DAY, FIFTEEN)
)
@example(  # ... and one minute longer than the longest
    world=World((30, 30, 30), (Seen(2, 0, 0), Seen(1, 600, 0), Seen(2, 961, 0, is_exit=True)), DAY, FIFTEEN)
)
@example(  # the other's stay goes on long after the case has left, and only then an exit ends it
    world=World(
        (30, 30, 30),
        (
            Seen(1, 60, 0),
            Seen(1, 80, 0, is_exit=True),
            Seen(2, 50, 0),
            *(Seen(2, 50 + 30 * n, 0) for n in range(1, 60)),
            Seen(2, 50 + 30 * 60, 0, is_exit=True),
        ),
        DAY,
        FIFTEEN,
    )
)
@example(  # entry and exit in one instant, ordered by the device's count
    world=World(
        (30, 30, 30),
        (Seen(1, 60, 0), Seen(2, 60, 0, sequence=1000), Seen(2, 60, 0, is_exit=True, sequence=500)),
        DAY,
        FIFTEEN,
    )
)
@example(  # two scans of one point that touch are one stay, though each half is too short
    world=World((10, 30, 30), (Seen(1, 60, 0), Seen(1, 70, 0), Seen(2, 60, 0), Seen(2, 70, 0)), DAY, FIFTEEN)
)
@example(  # out by a scan and in again in one instant: two stays
    world=World(
        (30, 30, 30),
        (
            Seen(1, 60, 0),
            Seen(1, 150, 0, is_exit=True),
            Seen(2, 60, 0, sequence=20),
            Seen(2, 90, 0, is_exit=True, sequence=21),
            Seen(2, 90, 0, sequence=22),
        ),
        DAY,
        FIFTEEN,
    )
)
@example(  # the entry before a late exit is the later of two in one instant
    world=World(
        (30, 30, 30),
        (Seen(1, 600, 0), Seen(2, 0, 1, sequence=11), Seen(2, 0, 0, sequence=12), Seen(2, 700, 0, is_exit=True)),
        DAY,
        FIFTEEN,
    )
)
@example(  # where one usually stays longer than the longest stay, a late exit ends a stay and is no exit of it
    world=World(
        (1200, 30, 30),
        (Seen(1, 500, 0), Seen(1, 540, 0, is_exit=True), Seen(2, 0, 0), Seen(2, 1000, 0, is_exit=True)),
        DAY,
        FIFTEEN,
    )
)
@example(  # entry and exit in the instant in which a stay ends are no part of it
    world=World(
        (30, 30, 30),
        (
            Seen(1, 30, 0),
            Seen(1, 90, 0, is_exit=True),
            Seen(2, 30, 0, sequence=11),
            Seen(2, 60, 0, sequence=12),
            Seen(2, 60, 0, is_exit=True, sequence=13),
        ),
        DAY,
        FIFTEEN,
    )
)
def test_sql_finds_what_core_means(places: list[ScanPoint], world: World) -> None:
    assert by_sql(world, places) == by_core(world)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds(), window=st.sampled_from([1, 5, 60, 1200]))
def test_a_rule_of_scans_means_the_same_in_sql(places: list[ScanPoint], world: World, window: int) -> None:
    special = {place: OverlapRule(rule.least, 0, window + 10) for place, rule in world.rule.special.items()}
    ours = replace(world, rule=OverlapRule(world.rule.least, 0, window, special))
    assert by_sql(ours, places) == by_core(ours)


def test_two_scans_an_hour_apart_are_not_within_the_hour(places: list[ScanPoint]) -> None:
    scans = (Seen(1, 600, 0), Seen(2, 540, 0), Seen(3, 659, 0, is_exit=True))
    world = World((5, 5, 5), scans, DAY, OverlapRule(0, 0, 60))
    assert by_sql(world, places) == by_core(world) == [(3, CoPresence(0, 659, 660, False))]


def test_touching_ends_are_no_exposure_and_air_that_lingers_is(places: list[ScanPoint]) -> None:
    scans = (Seen(1, 60, 0), Seen(1, 90, 0, is_exit=True), Seen(2, 90, 0), Seen(2, 120, 0, is_exit=True))
    assert by_sql(World((45, 45, 45), scans, DAY, OverlapRule(0)), places) == []
    assert by_sql(World((45, 45, 45), scans, DAY, OverlapRule(0, 20)), places) == [(2, CoPresence(0, 90, 110, True))]


def test_microseconds_are_kept() -> None:
    moment = datetime(2026, 11, 2, 3, 4, 5, 678901, tzinfo=UTC)
    assert instant(count(moment)) == moment


def test_scans_of_nobody_known_are_counted_and_not_named(places: list[ScanPoint]) -> None:
    put([Seen(1, 60, 0), Seen(2, 70, 0)], places)
    with connection.cursor() as cursor:
        for number, minute in enumerate([29, 30, 89, 90, 70], 100):
            cursor.execute(
                "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, result, is_exit)"
                " VALUES (%s, %s, 1, %s, 9, 2, %s)",
                [places[0].pk, at(minute), number, minute == 70],
            )
    found = find([CASE], (at(0), at(1440)), OverlapRule(units(15 * MINUTE)))
    assert found.unverified_count == 2
    assert [e.resident_id for e in found.exposures] == [2]
