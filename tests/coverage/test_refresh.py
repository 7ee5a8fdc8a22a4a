"""The sums are always those of a full recount: after any history, under concurrent commits, and as cards run out."""

import random
import threading
from datetime import date, timedelta

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as runs
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo
from tests.coverage.conftest import START, away, card_of, person

from ksdb.cards.models import Card
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.coverage import actions
from ksdb.coverage.actions import rebuild, refresh
from ksdb.coverage.models import Change, Day, Person, Run, Tally
from ksdb.outreach.models import MissingReason
from ksdb.outreach.reasons import OUT_OF_COUNT, Reason
from ksdb.places.models import Division
from ksdb.registry.models import Resident

FRESH_TALLY = """
SELECT division_id, band, sex, reason, people, issued, active, electronic, paper, plastic FROM coverage_tally_fresh
"""
FRESH_DAY = 'SELECT division_id, "on", counted, issued, active FROM coverage_day_fresh'


def rows(query: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return sorted(cursor.fetchall())


def kept() -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """The sums as kept, without rows of zeros."""
    tally = Tally.objects.values_list(
        "division_id", "band", "sex", "reason", "people", "issued", "active", "electronic", "paper", "plastic"
    )
    days = Day.objects.values_list("division_id", "on", "counted", "issued", "active")
    return sorted(row for row in tally if any(row[4:])), sorted(row for row in days if any(row[2:]))


def holds_what_a_recount_finds(scope: Scope) -> None:
    before = kept()
    assert before == (rows(FRESH_TALLY), rows(FRESH_DAY))
    actions._refill(now())
    assert kept() == before
    assert rebuild(scope).drifted == 0


@pytest.mark.django_db
@given(seed=st.integers(0, 2**32), length=st.integers(1, 60))
@runs(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_increments_equal_a_recount_after_any_history(seed: int, length: int) -> None:
    from ksdb.core.scope import system_scope

    scope, chance = system_scope(), random.Random(seed)
    communes = list(Division.objects.filter(kind="commune", valid_from="2021-07-01")[:2])
    rebuild(scope)
    for _ in range(length):
        chance.choice(ACTS)(chance, communes)
        if chance.random() < 0.3:
            refresh(scope)
    refresh(scope)
    holds_what_a_recount_finds(scope)
    undo()


def undo() -> None:
    MissingReason.objects.all().delete()
    Card.objects.all().delete()
    Resident.objects.all().delete()


def register(chance: random.Random, communes: list[Division]) -> None:
    person(chance.choice(communes), born=chance.randint(1930, 2026), at=START + timedelta(days=chance.randint(0, 40)))


def give(chance: random.Random, communes: list[Division]) -> None:
    if someone := anybody(chance):
        at = START + timedelta(days=chance.randint(-30, 60))
        card_of(someone, chance.choice(list(CardStatus)[1:]), chance.choice(list(Form)), at)


def change(chance: random.Random, communes: list[Division]) -> None:
    if cards := list(Card.objects.order_by("index")):
        card = chance.choice(cards)
        card.status, card.status_since = chance.choice(list(CardStatus)[1:]), card.issued_at + timedelta(days=3)
        if chance.random() < 0.2:
            card.expires_at = now() - timedelta(days=chance.randint(-2, 2))
        card.save()


def say(chance: random.Random, communes: list[Division]) -> None:
    if someone := anybody(chance):
        someone.missing_reasons.filter(withdrawn_at=None).update(withdrawn_at=now())
        if chance.random() < 0.7:
            away(someone, chance.choice(list(Reason)), date(2026, 9, 1) + timedelta(days=chance.randint(0, 80)))


def move(chance: random.Random, communes: list[Division]) -> None:
    if someone := anybody(chance):
        someone.division, someone.sex = chance.choice(communes), chance.choice(["", "male", "female"])
        someone.birth_year = chance.randint(1930, 2026)
        someone.save()


def forget(chance: random.Random, communes: list[Division]) -> None:
    if someone := anybody(chance):
        MissingReason.objects.filter(resident=someone).delete()
        Card.objects.filter(resident=someone).delete()
        someone.delete()


def anybody(chance: random.Random) -> Resident | None:
    everybody = list(Resident.objects.order_by("id"))
    return chance.choice(everybody) if everybody else None


ACTS = [register, register, give, give, change, say, move, forget]


@pytest.mark.django_db
def test_the_first_refresh_counts_everybody_and_the_next_only_who_changed(system: Scope, commune_a: Division) -> None:
    lan, lam = person(commune_a), person(commune_a)
    assert (refresh(system).kind, Person.objects.count()) == (Run.Kind.REBUILD, 2)
    card_of(lan)
    run = refresh(system)
    assert (run.kind, run.people, Change.objects.count()) == (Run.Kind.REFRESH, 1, 0)
    assert Person.objects.get(pk=lan.pk).forms == 2
    assert Person.objects.get(pk=lam.pk).forms == 0


@pytest.mark.django_db
def test_many_changes_are_counted_by_one_recount(
    system: Scope, commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    rebuild(system)
    monkeypatch.setattr(actions, "TOO_MANY", 3)
    for _ in range(3):
        card_of(person(commune_a))
    assert refresh(system).people == 3
    assert not Change.objects.exists()
    holds_what_a_recount_finds(system)


@pytest.mark.django_db
def test_batches_leave_nothing_behind(system: Scope, commune_a: Division, monkeypatch: pytest.MonkeyPatch) -> None:
    rebuild(system)
    monkeypatch.setattr(actions, "MOST_AT_ONCE", 2)
    for _ in range(5):
        card_of(person(commune_a))
    refresh(system)
    assert not Change.objects.exists()
    assert Person.objects.filter(forms=2).count() == 5
    holds_what_a_recount_finds(system)


@pytest.mark.django_db
def test_a_card_that_runs_out_is_counted_without_anybody_writing(system: Scope, commune_a: Division) -> None:
    card = card_of(person(commune_a))
    rebuild(system)
    later = card.expires_at + timedelta(hours=1)
    assert actions._taken(later) == (0, 1)
    kept_now = Person.objects.get()
    assert (kept_now.forms, kept_now.is_issued, kept_now.due_at) == (0, False, None)
    assert kept_now.active_until is not None
    assert actions._taken(later) == (0, 0)


@pytest.mark.django_db
def test_drift_is_found_told_and_put_right(system: Scope, commune_a: Division) -> None:
    card_of(person(commune_a))
    rebuild(system)
    Tally.objects.filter(division_id=commune_a.pk).update(active=7)
    run = rebuild(system)
    assert run.drifted == 2
    assert set(Tally.objects.values_list("active", flat=True)) == {1}
    Person.objects.update(forms=0)
    assert rebuild(system).drifted == 1
    assert Person.objects.get().forms == 2
    assert rebuild(system).drifted == 0


@pytest.mark.django_db
def test_a_new_year_moves_people_to_their_band_and_is_no_drift(system: Scope, commune_a: Division) -> None:
    person(commune_a, born=1980)
    rebuild(system)
    Person.objects.update(band=0)
    Tally.objects.update(band=0)
    assert rebuild(system).drifted == 0
    assert set(Tally.objects.values_list("band", flat=True)) == {5}


@pytest.mark.django_db
def test_only_the_system_counts(commune_a: Division) -> None:
    with pytest.raises(NotAllowed):
        refresh(Scope(1))
    with pytest.raises(NotAllowed):
        rebuild(Scope(1))


@pytest.mark.django_db
def test_the_reasons_of_the_database_are_those_of_the_doors(system: Scope, commune_a: Division) -> None:
    rebuild(system)
    for reason in Reason:
        away(person(commune_a), reason, date(2026, 10, 1))
    refresh(system)
    assert set(Person.objects.exclude(reason="").values_list("reason", flat=True)) == set(OUT_OF_COUNT)


@pytest.mark.django_db(transaction=True)
def test_a_change_that_commits_late_is_not_missed(clean_registry: None, system: Scope) -> None:
    """Two writers of one resident: one began first and commits last, with refreshes in between."""
    commune = Division.objects.get(name="Phường Hương Vân", valid_from="2021-07-01")
    lan = person(commune)
    card = card_of(lan, CardStatus.ISSUED)
    rebuild(system)
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    with psycopg.connect(url) as early:
        early.execute("UPDATE card SET status = 2, activated_at = now() WHERE index = %s", [card.pk])
        away(lan, Reason.WORKS_AWAY, date(2026, 10, 1))
        refresh(system)
        assert Person.objects.get(pk=lan.pk).forms == 0
        assert Person.objects.get(pk=lan.pk).reason == "works_away"
        early.commit()
    refresh(system)
    assert Person.objects.get(pk=lan.pk).forms == 2
    holds_what_a_recount_finds(system)
    Run.objects.all().delete()


@pytest.mark.django_db(transaction=True)
def test_writers_and_counters_side_by_side_lose_nothing(clean_registry: None, system: Scope) -> None:
    commune = Division.objects.get(name="Phường Hương Vân", valid_from="2021-07-01")
    cards = [card_of(person(commune), CardStatus.ISSUED) for _ in range(40)]
    rebuild(system)
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])

    def write(first: int) -> None:
        with psycopg.connect(url) as writer:
            for card in cards[first::2]:
                for status in (2, 3, 2):
                    writer.execute(
                        "UPDATE card SET status = %s, activated_at = now(), status_since = now() WHERE index = %s",
                        [status, card.pk],
                    )
                writer.commit()

    writers = [threading.Thread(target=write, args=(first,)) for first in (0, 1)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        refresh(system)
    for writer in writers:
        writer.join()
    refresh(system)
    assert Person.objects.filter(forms=2).count() == 40
    holds_what_a_recount_finds(system)
    Run.objects.all().delete()


def test_a_merged_record_is_counted_by_the_one_that_counts_with_its_card(system: Scope, commune_a: Division) -> None:
    survivor, merged = person(commune_a, "Nguyễn Thị Lan"), person(commune_a, "Nguyen Thi Lan")
    card = card_of(merged)
    refresh(system)
    assert Person.objects.count() == 2
    Resident.objects.filter(pk=merged.pk).update(merged_into=survivor)
    Resident.objects.filter(pk=survivor.pk).update(merged_into=None)  # as a merge writes both
    refresh(system)
    assert list(Person.objects.values_list("resident_id", "forms")) == [(survivor.pk, 2)]
    Card.objects.filter(pk=card.pk).update(status=CardStatus.REVOKED)
    refresh(system)
    assert list(Person.objects.values_list("resident_id", "forms")) == [(survivor.pk, 0)]
    run = rebuild(system)
    assert (run.kind, run.drifted, Person.objects.count()) == (Run.Kind.REBUILD, 0, 1)
    Resident.objects.filter(pk=merged.pk).update(merged_into=None)
    refresh(system)
    assert Person.objects.count() == 2
