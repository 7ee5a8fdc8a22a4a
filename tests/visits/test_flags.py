"""What is odd about visits: each flag raised where it should be and nowhere else, whatever the order of arrival."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

import pytest
from django.db import connection
from tests.conftest import scope_for
from tests.visits.conftest import ago, noon

from ksdb.access.models import StaffAccount
from ksdb.core.clock import now
from ksdb.core.decision import Flag
from ksdb.core.scope import Scope, system_scope
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.postgres.named import sql
from ksdb.visits.actions import enrol_device, ensure_partitions, flag_visits, give_point
from ksdb.visits.flagging import LIMITS, flags_raised
from ksdb.visits.models import Device
from ksdb.visits.queries import flags_at

LONG_AGO = datetime(2000, 1, 1, tzinfo=now().tzinfo)
LAN, HOA = 501, 502


def point(scope: Scope, division: Division, name: str, where: tuple[float, float] | None) -> ScanPoint:
    made = ScanPoint(
        name=name,
        type_id="market",
        division=division,
        opens_at=time(4),
        closes_at=time(18, 30),
        usual_stay_minutes=45,
        latitude=where and where[0],
        longitude=where and where[1],
    )
    return make_points(scope, [made])[0]


@pytest.fixture
def gates(system: Scope, commune_a: Division) -> dict[str, ScanPoint]:
    """Two gates of one market, a market 15 km away, and a place that nobody put on the map."""
    ensure_partitions(system, ago(3), ago(0))
    where = {"gate": (16.46, 107.58), "back": (16.461, 107.581), "far": (16.55, 107.48), "nowhere": None}
    return {name: point(system, commune_a, name, at) for name, at in where.items()}


def scan(at: ScanPoint, moment: datetime, resident: int | None = LAN, device: int | None = None) -> None:
    """Somebody without a resident's number has another card each time."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result)"
            " SELECT %s, %s, %s, 1 + count(*), CASE WHEN %s THEN 9 ELSE 1000 + count(*) END, %s, 1 FROM visit",
            [at.pk, moment, device or at.pk, resident is not None, resident],
        )


def stranger(at: ScanPoint, moment: datetime, card: int | None, foreign: bytes | None = None) -> None:
    """A card that nobody knows, or another system's code."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, result, marks)"
            " SELECT %s, %s, %s, 1 + count(*), %s, 2, %s FROM visit RETURNING sequence",
            [at.pk, moment, at.pk, card, 2 if foreign else 0],
        )
        if foreign:
            cursor.execute(
                "INSERT INTO foreign_scan (point_id, scanned_at, device_id, sequence, kind, id_key)"
                " VALUES (%s, %s, %s, %s, 2, %s)",
                [at.pk, moment, at.pk, cursor.fetchone()[0], foreign],
            )


def look() -> list[tuple[int, datetime, Flag]]:
    flags_raised(LONG_AGO, now() + timedelta(minutes=1))
    with connection.cursor() as cursor:
        cursor.execute("SELECT point_id, scanned_at, flag FROM visit_flag ORDER BY scanned_at, flag")
        return [(point_id, at, Flag(flag)) for point_id, at, flag in cursor.fetchall()]


def kinds(found: Sequence[tuple[int, datetime, Flag]]) -> set[Flag]:
    return {flag for _, _, flag in found}


@pytest.mark.parametrize(
    ("hour", "minute", "is_odd"), [(3, 45, False), (4, 0, False), (18, 59, False), (19, 1, True), (2, 0, True)]
)
def test_outside_hours(gates: dict[str, ScanPoint], hour: int, minute: int, *, is_odd: bool) -> None:
    """Half an hour is let pass on either side."""
    at = noon(ago(1)).replace(hour=hour, minute=minute)
    scan(gates["gate"], at)
    assert look() == ([(gates["gate"].pk, at, Flag.OUTSIDE_HOURS)] if is_odd else [])


def test_a_place_open_over_midnight(gates: dict[str, ScanPoint]) -> None:
    gates["gate"].opens_at, gates["gate"].closes_at = time(20), time(3)
    gates["gate"].save()
    for hour in (23, 1):
        scan(gates["gate"], noon(ago(1)).replace(hour=hour))
    assert look() == []
    scan(gates["gate"], noon(ago(1)))
    assert kinds(look()) == {Flag.OUTSIDE_HOURS}


@pytest.mark.parametrize(
    ("minutes", "flags"), [(60, set()), (3, {Flag.TOO_FAST}), (1, {Flag.TOO_FAST, Flag.TWO_PLACES})]
)
def test_fifteen_kilometres(gates: dict[str, ScanPoint], minutes: int, flags: set[Flag]) -> None:
    scan(gates["gate"], noon(ago(1)))
    later = noon(ago(1)) + timedelta(minutes=minutes)
    scan(gates["far"], later)
    found = look()
    assert kinds(found) == flags
    assert {(point_id, at) for point_id, at, _ in found} <= {(gates["far"].pk, later)}, "the later of the two"


def test_two_gates_of_one_market_are_one_place(gates: dict[str, ScanPoint]) -> None:
    scan(gates["gate"], noon(ago(1)))
    scan(gates["back"], noon(ago(1)) + timedelta(seconds=40))
    assert look() == []


def test_places_without_a_map_are_two_places(gates: dict[str, ScanPoint]) -> None:
    scan(gates["gate"], noon(ago(1)))
    scan(gates["nowhere"], noon(ago(1)) + timedelta(seconds=40))
    scan(gates["nowhere"], noon(ago(1)) + timedelta(seconds=40), HOA)
    assert kinds(look()) == {Flag.TWO_PLACES}
    assert len(look()) == 1


def test_two_unplaced_points_of_one_owner_are_neighbours(gates: dict[str, ScanPoint], binh: StaffAccount) -> None:
    """Most places are not on the map; the two gates of one market are nobody's two places all the same."""
    give_point(system_scope(), gates["gate"].pk, binh.pk)
    give_point(system_scope(), gates["nowhere"].pk, binh.pk)
    scan(gates["gate"], noon(ago(1)))
    scan(gates["nowhere"], noon(ago(1)) + timedelta(seconds=40))
    assert look() == []


def test_codes_without_a_resident_are_at_two_places_too(gates: dict[str, ScanPoint]) -> None:
    """A card nobody knows, and another system's code; not two different ones, and not the same far apart in time."""
    at = noon(ago(1))
    for seconds, place in ((0, "gate"), (60, "far")):
        moment = at + timedelta(seconds=seconds)
        stranger(gates[place], moment, 77)
        stranger(gates[place], moment + timedelta(milliseconds=1), None, b"the same code")
        stranger(gates[place], moment + timedelta(milliseconds=2), None, place.encode())
        stranger(gates[place], moment + timedelta(milliseconds=3), 100 + seconds)
        stranger(gates[place], moment + timedelta(seconds=5 * seconds, milliseconds=4), 78)
    found = [(point_id, when) for point_id, when, flag in look() if flag is Flag.TWO_PLACES]
    first = at + timedelta(seconds=60)
    assert found == [(gates["far"].pk, first + timedelta(milliseconds=n)) for n in (0, 1)]


@pytest.mark.parametrize("resident", [LAN, None])
def test_the_same_millisecond_at_two_places(gates: dict[str, ScanPoint], resident: int | None) -> None:
    for place in ("gate", "far"):
        if resident:
            scan(gates[place], noon(ago(1)), resident)
        else:
            stranger(gates[place], noon(ago(1)), 77)
    found = look()
    assert Flag.TWO_PLACES in kinds(found)
    assert len({point_id for point_id, _, _ in found}) == 1


def test_a_late_scan_makes_its_later_neighbour_odd(gates: dict[str, ScanPoint]) -> None:
    """The visit that was stored first comes after the late one: the flag stands at the later visit."""
    at = noon(ago(1))
    scan(gates["far"], at)
    assert look() == []
    with connection.cursor() as cursor:
        cursor.execute("UPDATE visit SET received_at = now() - interval '1 hour'")
    scan(gates["gate"], at - timedelta(minutes=3))
    flags_raised(now() - timedelta(minutes=5), now() + timedelta(minutes=1))
    assert [(point_id, when) for point_id, when, _ in look()] == [(gates["far"].pk, at)]


@pytest.mark.parametrize(("count", "seconds", "flags"), [(90, 0.66, set()), (120, 0.45, {Flag.BURST})])
def test_a_burst(gates: dict[str, ScanPoint], count: int, seconds: float, flags: set[Flag]) -> None:
    scan(gates["gate"], noon(ago(1)) - timedelta(minutes=1), None)  # somebody came a minute before: no pause
    for n in range(count):
        scan(gates["gate"], noon(ago(1)) + timedelta(seconds=n * seconds), None)
    assert kinds(look()) == flags


@pytest.mark.parametrize(
    ("pause", "gap", "count", "is_album"),
    [(240, 0.5, 12, True), (240, 0.5, 9, False), (60, 0.5, 12, False), (240, 1.2, 30, False)],
)
def test_a_photo_album(gates: dict[str, ScanPoint], pause: int, gap: float, count: int, *, is_album: bool) -> None:
    start = noon(ago(1))
    scan(gates["gate"], start, None)
    for n in range(count):
        scan(gates["gate"], start + timedelta(seconds=pause + n * gap), None)
    found = look()
    assert kinds(found) == ({Flag.PHOTO_ALBUM} if is_album else set())
    assert len(found) == (count if is_album else 0)


def test_a_registers_pace_says_nothing(gates: dict[str, ScanPoint], system: Scope) -> None:
    """It writes in minutes: forty children at 12:00."""
    device, _ = enrol_device(system, gates["gate"].pk, "register")
    Device.objects.filter(pk=device.pk).update(is_register=True)
    for n in range(120):
        scan(gates["gate"], noon(ago(1)), 1000 + n, device.pk)
    assert look() == []


def test_another_device_of_the_point_has_its_own_pace(gates: dict[str, ScanPoint]) -> None:
    for n in range(12):
        scan(gates["gate"], noon(ago(1)) + timedelta(seconds=n * 0.5), None, device=1 + n % 2)
    assert look() == []


def test_each_minute_only_what_is_new_is_looked_at(gates: dict[str, ScanPoint], system: Scope) -> None:
    at = noon(ago(1)).replace(hour=23)
    scan(gates["gate"], at)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE visit SET received_at = now() - interval '2 hours'")
        cursor.execute("UPDATE flag_watermark SET received_until = now() - interval '3 hours'")
    assert flag_visits(system) == 1
    assert flag_visits(system) == 0
    scan(gates["back"], at)  # just arrived: it may not be the last of this minute
    assert flag_visits(system) == 0


def test_flags_are_counted_where_one_may_look(
    gates: dict[str, ScanPoint], binh: StaffAccount, minh: StaffAccount
) -> None:
    scan(gates["gate"], noon(ago(1)).replace(hour=23))
    look()
    asked = [gates["gate"].pk, gates["far"].pk]
    assert flags_at(scope_for(binh), asked, LONG_AGO) == {gates["gate"].pk: {Flag.OUTSIDE_HOURS: 1}}
    assert flags_at(scope_for(minh), asked, LONG_AGO) == {}


def test_a_minute_of_a_full_day_is_found_by_index(gates: dict[str, ScanPoint]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result,"
            " received_at)"
            " SELECT %s + n %% 50, %s::timestamptz + n * interval '1 second', n %% 50, n, n, n %% 4000, 1,"
            " %s::timestamptz + n * interval '1 second' FROM generate_series(1, 40000) n",
            [gates["gate"].pk, noon(ago(1)), noon(ago(1))],
        )
        cursor.execute("ANALYZE visit")
        cursor.execute("SET LOCAL statement_timeout = '20s'")
        asked = {"since": noon(ago(1)) + timedelta(hours=11), "until": noon(ago(1)) + timedelta(hours=11, minutes=1)}
        cursor.execute(
            "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + sql("ksdb.visits", "odd_visits"),
            {**asked, **LIMITS},
        )
        plan = [line for (line,) in cursor.fetchall()]
    day = f"visit_{ago(1):%Y%m%d}"
    reads = [line for line in plan if f" on {day} " in line or f" on {day}_" in line]
    assert reads, plan
    assert not [line for line in reads if "Seq Scan" in line], plan
