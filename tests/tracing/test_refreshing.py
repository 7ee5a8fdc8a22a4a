"""The index's files: refreshed while others store visits, late ones too; crashes; days that are dropped."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import time as hour
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import connection, transaction
from django.db.models import Case, When
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import resident_of
from tests.tracing.test_exposures import (
    CASE,
    START,
    World,
    at,
    by_core,
    dispute,
    in_minutes,
    in_units,
    places,
    put,
    worlds,
)
from tests.tracing.test_exposures import by_sql as sql_found
from tests.tracing.test_presence import crowded, stays_in

from ksdb.core.copresence import CoPresence, People, generations
from ksdb.core.scope import system_scope
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint, ScanPointType
from ksdb.registry.models import Resident
from ksdb.tracing.engines import Question, by_index, by_sql
from ksdb.tracing.exposures import Found, added_up
from ksdb.tracing.presence import files, opening, refreshing
from ksdb.tracing.presence.opening import open_index
from ksdb.tracing.presence.reading import log_state
from ksdb.tracing.presence.refreshing import log_snapshot, refresh_files

__all__ = ["places"]
MINUTE = timedelta(minutes=1)
INSERT = (
    "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit,"
    " received_at) VALUES (%s, %s, 1, %s, 1, %s, 1, %s, coalesce(%s, clock_timestamp()))"
)
Store = Callable[..., None]
Told = dict[int, tuple[int, int, list[CoPresence]]]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(refreshing, "index_folder", lambda: tmp_path)
    monkeypatch.setattr(opening, "index_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def residents(commune_a: Division) -> int:
    """The five people of a crowded world, by their numbers in it."""
    spare = resident_of(commune_a, "Người Mẫu")
    values = {field.attname: getattr(spare, field.attname) for field in Resident._meta.concrete_fields}
    there = set(Resident.objects.filter(pk__lt=6).values_list("pk", flat=True))
    return len(Resident.objects.bulk_create(Resident(**values | {"id": one}) for one in {1, 2, 3, 4, 5} - there))


def question(world: World, places: list[ScanPoint]) -> Question:
    period = (at(world.infectious[0]), at(world.infectious[1]))
    return Question([CASE], period, in_units(world.rule, places), at(6000), timedelta(), 2)


def in_core(world: World, merged: dict[int, int], latent: int, end: int) -> Told:
    """Every pair looked at: generation, through whom, and co-presences of each person, in minutes."""
    persons = {**merged, **{person: person for person in merged.values()}}
    as_one = replace(world, scans=tuple(replace(s, resident=persons.get(s.resident, s.resident)) for s in world.scans))
    whole = {one: stays for one, stays in stays_in(as_one).items() if one in persons}
    people, case = People(stays_in(world), merged, whole), merged.get(CASE, CASE)
    found = generations(people, case, (world.infectious, end), world.rule, latent)
    return {one: (c.generation, c.through, sorted(c.met, key=repr)) for one, c in found.items()}


def told(found: Found, merged: dict[int, int], places: Sequence[ScanPoint]) -> Told:
    """What an engine found, as core tells it."""
    numbers, told = {place.pk: n for n, place in enumerate(places)}, {}
    for generation, exposures in ((1, found.exposures), (2, found.second)):
        of_persons = [one._replace(resident_id=merged.get(one.resident_id, one.resident_id)) for one in exposures]
        for met in added_up(of_persons, generation):
            met_in_minutes = sorted((in_minutes(one, numbers) for one in met.exposures), key=repr)
            told[met.resident_id] = (generation, met.through_id or merged.get(CASE, CASE), met_in_minutes)
    return told


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    world=crowded(),
    is_new=st.booleans(),
    how=st.tuples(
        st.sampled_from([{}, {}, {4: 2}, {2: 3}, {5: 3, 4: 3}, {1: 4}, {5: 1}]),
        st.sampled_from([0, 0, 30, 1440]),
        st.sampled_from([600, 6000]),
    ),
)
def test_both_engines_tell_what_core_means(
    places: list[ScanPoint],
    residents: int,
    world: World,
    is_new: bool,
    how: tuple[dict[int, int], int, int],
) -> None:
    """Two generations, by rules of their own at some points, of people of whom some have several records."""
    merged, latent, end = how
    for place, usual in zip(places, world.usual, strict=True):
        ScanPoint.objects.filter(pk=place.pk).update(usual_stay_minutes=usual)
    Resident.objects.update(merged_into=Case(*(When(pk=k, then=v) for k, v in merged.items()), default=None))
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM visit")
    if is_new:
        refresh_files(anew=True)
    put(world.scans, places)
    if not is_new:
        refresh_files(anew=True)
    opened = open_index()
    assert opened is not None
    case = merged.get(CASE, CASE)
    records = [case, *(k for k, v in merged.items() if v == case)]
    asked = replace(question(world, places), records=records, latent=latent * MINUTE, until=at(end))
    ours, theirs, meant = by_index(asked, opened), by_sql(asked), in_core(world, merged, latent, end)
    assert told(theirs, merged, places) == meant
    assert told(ours, merged, places) == meant
    assert ours.unverified_count == theirs.unverified_count
    assert ours.second_count == theirs.second_count == sum(generation == 2 for generation, *_ in meant.values())


@pytest.mark.django_db
def test_a_usual_stay_that_was_rolled_back_is_not_remembered(places: list[ScanPoint]) -> None:
    """What was told inside the transaction is told to nobody after it, whatever changes next."""
    point = ScanPoint.objects.filter(pk=places[0].pk)

    def told_after(minutes: int) -> int:
        point.update(usual_stay_minutes=minutes)
        return int(log_state().usual[places[0].pk]) // 60_000

    assert told_after(41) == 41
    with suppress(ZeroDivisionError), transaction.atomic():
        assert told_after(42) == 42
        raise ZeroDivisionError
    assert int(log_state().usual[places[0].pk]) // 60_000 == 41
    assert told_after(43) == 43


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds(), data=st.data())
def test_what_was_disputed_counts_in_neither(places: list[ScanPoint], world: World, data: st.DataObject) -> None:
    """The index answers again when the days touched are made anew; the brute force never saw those scans."""
    out = data.draw(st.sets(st.sampled_from(world.scans), min_size=1, max_size=3))
    left = replace(world, scans=tuple(scan for scan in world.scans if scan not in out))
    theirs = sql_found(world, places)
    assert theirs == by_core(world)
    refresh_files(anew=True)
    dispute(out, places)
    assert open_index() is None
    made = refresh_files()
    assert {day.day for day in made.manifest.days if day.disputes} == set(made.read_days)
    opened = open_index()
    assert opened is not None
    ours, beside = by_index(question(world, places), opened), by_sql(question(world, places))
    for mine, other in ((ours.exposures, beside.exposures), (ours.second, beside.second)):
        assert sorted(mine, key=repr) == sorted(other, key=repr)
    assert sql_found(world, places, is_stored=True) == by_core(left)


@pytest.fixture
def committed(transactional_db: None) -> list[ScanPoint]:
    """A place that others see; a test that commits finds an empty database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions('2026-10-30', '2026-11-08')")
    division = Division.objects.create(code="1", name="x", kind="commune", valid_from=START.date(), position=1)
    hours = {"opens_at": hour(0), "closes_at": hour(23, 59)}
    kind = ScanPointType.objects.get_or_create(code="shop", defaults={**hours, "usual_stay_minutes": 30})[0]
    return make_points(
        system_scope(), [ScanPoint(name="x", type=kind, division=division, usual_stay_minutes=30, **hours)]
    )


@pytest.fixture
def others(committed: list[ScanPoint]) -> Iterator[Callable[[], psycopg.Connection[Any]]]:
    """Connections of others, closed in the end."""
    given_ = connection.settings_dict
    address = {"dbname": given_["NAME"], "user": given_["USER"], "host": given_["HOST"], "port": given_["PORT"] or None}
    made: list[psycopg.Connection[Any]] = []

    def another() -> psycopg.Connection[Any]:
        made.append(psycopg.connect(**address))
        return made[-1]

    yield another
    for one in made:
        one.close()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE visit")


@pytest.fixture
def store(committed: list[ScanPoint]) -> Store:
    numbers = count(1)

    def store(other: psycopg.Connection[Any], resident: int, minute: int, *, received: object = None) -> None:
        other.execute(INSERT, [committed[0].pk, at(minute), next(numbers), resident, False, received])

    return store


def seen() -> list[int]:
    """The residents with scans in the index as a trace opens it now, each as often as it has scans."""
    with log_snapshot():
        opened = open_index()
    assert opened is not None
    index = opened.index
    sides = [(day.scans, index.replaced) for day in index.days]
    sides += [(index.overlay.scans, np.zeros(0, np.bool_))] if index.overlay else []
    found: list[int] = []
    for scans, replaced in sides:
        numbers = np.repeat(np.arange(scans.offsets.size - 1), np.diff(scans.offsets))
        found += [int(n) for n in numbers if not (n < replaced.size and replaced[n])]
    return sorted(found)


def logged() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT resident_id FROM visit ORDER BY 1")
        return [resident for (resident,) in cursor.fetchall()]


def test_whoever_commits_late_is_not_missed_and_not_taken_twice(others: Any, store: Store) -> None:
    early, slow, nested = others(), others(), others()
    store(early, 1, 10)
    early.commit()
    refresh_files()
    assert seen() == logged() == [1]
    store(slow, 2, 20)  # begins before the others and ends after them
    store(early, 3, 30)
    early.commit()
    nested.execute("SAVEPOINT a")
    store(nested, 4, 40)
    refresh_files()
    assert seen() == logged() == [1, 3]
    nested.execute("RELEASE a")
    nested.commit()
    refresh_files()
    assert seen() == logged() == [1, 3, 4]
    slow.commit()
    assert seen() == logged() == [1, 2, 3, 4]
    refresh_files()
    assert seen() == logged() == [1, 2, 3, 4]
    with log_snapshot():
        opened = open_index()
    assert opened
    assert opened.new_visits == 0


def test_a_transaction_older_than_the_index_is_waited_for(others: Any, store: Store) -> None:
    slow, early = others(), others()
    store(slow, 1, 10)
    store(early, 2, 20)
    early.commit()
    refresh_files()
    assert seen() == logged() == [2]
    slow.commit()
    refresh_files()
    assert seen() == logged() == [1, 2]


def test_many_at_once(others: Any, store: Store) -> None:
    rng = np.random.default_rng(1)
    refresh_files()
    connections = [others() for _ in range(6)]
    for step in range(60):
        other = connections[rng.integers(6)]
        store(other, int(rng.integers(1, 50)), int(rng.integers(0, 5000)))
        if rng.random() < 0.5:
            connections[rng.integers(6)].commit()
        if rng.random() < 0.1:
            connections[rng.integers(6)].rollback()
        if step % 5 == 0:
            refresh_files()
        assert seen() == logged()


def test_a_visit_that_finds_its_resident_late_is_taken_in(others: Any, store: Store) -> None:
    """Another system's code of somebody who was registered days after it was read."""
    other = others()
    store(other, 1, 10)
    store(other, None, 20)
    other.commit()
    refresh_files()
    assert seen() == [1]
    other.execute(
        "INSERT INTO foreign_scan (point_id, scanned_at, device_id, sequence, kind, scan_key)"
        " SELECT point_id, scanned_at, device_id, sequence, 2, 'x' FROM visit WHERE resident_id IS NULL"
    )
    other.execute("UPDATE visit SET received_at = received_at - interval '9 days', marks = 2")
    other.commit()
    refresh_files(anew=True)
    other.execute("SET session_replication_role = replica")
    other.execute("INSERT INTO resident_scan_key (resident_id, version, key) VALUES (7, 1, 'x')")
    other.execute("SELECT match_foreign_scans(ARRAY['x']::bytea[])")
    other.commit()
    assert seen() == logged() == [1, 7]
    refresh_files()
    assert seen() == [1, 7]
    other.execute("TRUNCATE foreign_scan, resident_scan_key")
    other.commit()


def test_a_late_scan_has_its_day_made_again(others: Any, store: Store) -> None:
    other = others()
    store(other, 1, 10)
    store(other, 2, 3000)
    other.commit()
    assert len(refresh_files().read_days) >= 2
    store(other, 3, 20)
    other.commit()
    assert refresh_files().read_days == (20261102,)
    assert refresh_files().read_days == ()
    assert seen() == [1, 2, 3]


def test_a_crash_before_the_manifest_leaves_the_old_index(
    others: Any, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = others()
    store(other, 1, 10)
    other.commit()
    refresh_files()
    store(other, 2, 20)
    other.commit()
    with monkeypatch.context() as patched:
        patched.setattr(refreshing, "write_manifest", _power_cut)
        with pytest.raises(OSError, match="power cut"):
            refresh_files()
    assert seen() == [1, 2]
    left = {path.name for path in folder.iterdir()}
    refresh_files()
    assert seen() == [1, 2]
    named = files.read_manifest(folder)
    assert named is not None
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json",
        "lock",
        named.usual.name,
        *(file.name for day in named.days for file in (day.scans, day.stays)),
    }
    assert left - {path.name for path in folder.iterdir()}


def test_killed_at_any_moment_it_tells_the_log(others: Any, store: Store, folder: Path) -> None:
    rng, other = np.random.default_rng(2), others()
    refresh_files()
    for resident in range(1, 9):
        store(other, resident, 10 * resident)
        other.commit()
        child = os.fork()
        if not child:
            _refresh_for_ever()
        time.sleep(rng.uniform(0, 0.08))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert seen() == logged()
        named = files.read_manifest(folder)
        assert named is not None
        assert files.damaged(folder, named) == []
    refresh_files()
    assert seen() == logged() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert not list(folder.glob("*.new"))


def _refresh_for_ever() -> None:
    """In the child, by a connection of its own; the one it has from its parent is neither used nor closed."""
    try:
        parents, connection.connection = connection.connection, None
        while parents:
            refresh_files(anew=True)
    finally:
        os._exit(1)


def _power_cut(*_: object) -> None:
    raise OSError("power cut")


def test_damage_is_found_and_sql_answers(others: Any, store: Store, folder: Path) -> None:
    other = others()
    store(other, 1, 10)
    other.commit()
    manifest = refresh_files().manifest
    path = folder / manifest.days[0].scans.name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert files.damaged(folder, manifest) == [path.name]
    path.write_bytes(data[:-4])
    opening._segments.cache_clear()
    with log_snapshot():
        assert open_index() is None
    refresh_files(anew=True)
    assert seen() == [1]
    (folder / "manifest.json").write_text("{")
    with log_snapshot():
        assert open_index() is None
    refresh_files()
    assert seen() == [1]


def test_a_dropped_day_is_gone_at_once(others: Any, store: Store, folder: Path) -> None:
    other = others()
    store(other, 1, 10)
    store(other, 2, 3000)
    other.commit()
    refresh_files()
    other.execute("DROP TABLE visit_20261102")
    other.commit()
    with log_snapshot():
        assert open_index() is None
    refresh_files()
    assert seen() == logged() == [2]
    assert not list(folder.glob("*20261102*"))


def test_a_changed_usual_stay_has_the_stays_made_again(others: Any, store: Store, committed: list[ScanPoint]) -> None:
    other = others()
    store(other, 1, 10)
    other.commit()
    refresh_files()
    ScanPoint.objects.filter(pk=committed[0].pk).update(usual_stay_minutes=99)
    with log_snapshot():
        assert open_index() is None
    assert refresh_files().read_days == ()
    assert seen() == [1]


def test_another_database_is_another_index(others: Any, store: Store, folder: Path) -> None:
    manifest = refresh_files().manifest
    files.write_manifest(folder, replace(manifest, database="1.2.3"))
    with log_snapshot():
        assert open_index() is None


def test_two_refreshes_do_not_meet(committed: list[ScanPoint], folder: Path) -> None:
    with files.alone(folder), pytest.raises(files.IndexBusy):
        refresh_files()
