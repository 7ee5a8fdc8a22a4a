"""What auditors find, what a resident may ask, and what is published."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.conftest import scope_for, staff

from ksdb.access.models import StaffAccount
from ksdb.audit import queries
from ksdb.audit.actions import look, record, record_many
from ksdb.audit.models import Entry
from ksdb.audit.queries import Asked, LatestPaginator, actors, counts_of_month, faults, subjects
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Role, Scope
from ksdb.places.models import Division
from ksdb.web.templatetags.ksdb import published

pytestmark = pytest.mark.django_db
READ = Permission.REGISTRY_RESIDENT_READ


@pytest.fixture
def auditor(whole_province: Division) -> StaffAccount:
    return staff("thu", "Đỗ Thị Thu", Role.AUDITOR, whole_province)


@pytest.fixture
def trail(binh: StaffAccount, minh: StaffAccount, system: Scope) -> None:
    record_many(scope_for(binh), READ, [("resident", n) for n in (1, 2, 3)], Purpose.CARD_SERVICE)
    record(scope_for(minh), READ, ("resident", 1), Purpose.CORRECTION)
    record(scope_for(minh), "cards:card:find", ("resident", 1), Purpose.CARD_SERVICE, {"case": 8})
    record(system, "registry:import:run", ("import", 1))


def found(auditor: StaffAccount, **asked: object) -> list[tuple[str, str, int | None]]:
    page = look(scope_for(auditor), Asked(**asked))  # type: ignore[arg-type]
    return [(one.actor_name, one.action.rpartition(":")[2], one.subject_id) for one in page]


@pytest.mark.usefixtures("trail")
def test_each_filter_narrows(auditor: StaffAccount, binh: StaffAccount) -> None:
    assert found(auditor, actor_id=binh.pk) == [("binh", "read", n) for n in (3, 2, 1)]
    assert found(auditor, action="cards:card") == [("minh", "find", 1)]
    assert found(auditor, action="cards:%") == []
    assert found(auditor, subject="import", subject_id=1) == [("", "run", 1)]
    assert found(auditor, subject="resident", subject_id=2) == [("binh", "read", 2)]
    assert found(auditor, purpose="correction") == [("minh", "read", 1)]
    assert found(auditor, case_id=8) == [("minh", "find", 1)]
    assert found(auditor, since=today() + timedelta(days=1)) == []
    assert found(auditor, until=today() - timedelta(days=1)) == []
    assert len(found(auditor, since=today(), until=today(), subject="resident")) == 6  # and the look above


@pytest.mark.usefixtures("trail")
def test_who_looks_at_the_trail_stands_in_it(auditor: StaffAccount) -> None:
    found(auditor, subject="resident", subject_id=1, since=date(2026, 1, 1))
    look = Entry.objects.latest("pk")
    assert (look.actor_name, look.action, look.subject_id, look.purpose) == ("thu", "audit:entry:read", 1, "audit")
    asked = {"since": "2026-01-01", "subject": "resident", "subject_id": 1}
    assert look.detail == {"page": 1, "asked": asked}


def test_a_long_trail_shows_its_latest_and_says_that_there_are_older(
    auditor: StaffAccount, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_LISTED", 100)
    record_many(system, "x:y:z", [None] * 101)
    page = look(scope_for(auditor), Asked(action="x:y:z"), 9)
    assert isinstance(page.paginator, LatestPaginator)
    assert (page.paginator.count, page.paginator.has_older, page.number, len(page)) == (100, True, 2, 50)
    assert page[-1].pk > Entry.objects.filter(action="x:y:z").earliest("pk").pk
    assert not look(scope_for(auditor), Asked(action="no:such")).paginator.has_older  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "asked", [Asked(case_id=77), Asked(purpose="correction"), Asked(action="tracing:trace"), Asked(actor_id=-7)]
)
def test_each_filter_has_an_index(auditor: StaffAccount, binh: StaffAccount, system: Scope, asked: Asked) -> None:
    """Among many thousand entries a few are found without reading the others."""
    record_many(system, "x:y:z", [("resident", n) for n in range(8_000)], Purpose.CARD_SERVICE, {"case": 5})
    record(system, "tracing:trace:run", ("resident", 1), Purpose.CORRECTION, {"case": 77})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_entry")
    with CaptureQueriesContext(connection) as made:
        queries.entries_asked(scope_for(auditor), asked)
    asked_of_the_trail = [one for one in made.captured_queries if 'FROM "audit_entry"' in one["sql"]]
    assert asked_of_the_trail
    for statement in asked_of_the_trail:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN " + statement["sql"])
            plan = "\n".join(row for (row,) in cursor.fetchall())
        assert "Seq Scan" not in plan, plan


def test_a_page_has_fifty_at_most(auditor: StaffAccount, system: Scope) -> None:
    record_many(system, "x:y:z", [None] * 120)
    page = look(scope_for(auditor), Asked(action="x:y:z"), 2)
    assert (len(page), page.paginator.count, page.number) == (50, 120, 2)


@pytest.mark.usefixtures("trail")
def test_accounts_and_kinds_that_stand_in_the_trail(auditor: StaffAccount, binh: StaffAccount) -> None:
    StaffAccount.objects.filter(pk=binh.pk).update(username="binh-2")
    binh.refresh_from_db()
    record(scope_for(binh), "x:y:z")
    assert [name for _, name in actors(scope_for(auditor))] == ["binh-2", "minh"]
    assert {"account", "import", "resident"} <= set(subjects(scope_for(auditor)))
    assert "" not in subjects(scope_for(auditor))


@pytest.mark.usefixtures("trail")
def test_counts_of_a_month(system: Scope) -> None:
    month = now().astimezone().date()
    rows = {row.purpose: (row.reads, row.readers, row.residents) for row in counts_of_month(system, month)}
    assert rows == {"card_service": (4, 2, 3), "correction": (1, 1, 1)}
    assert counts_of_month(system, date(2020, 12, 31)) == []


@pytest.mark.parametrize(("count", "text"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (1200, "1.200")])
def test_small_figures_are_published_as_small(count: int, text: str) -> None:
    assert published(count) == text


def test_all_of_it_is_closed(binh: StaffAccount) -> None:
    scope = scope_for(binh)
    for read in (
        lambda: look(scope, Asked()),
        lambda: counts_of_month(scope, today()),
        lambda: list(faults(scope)),
        lambda: actors(scope),
        lambda: subjects(scope),
    ):
        with pytest.raises(NotAllowed):
            read()


def test_a_page_of_fifty_is_one_statement(system: Scope) -> None:
    with CaptureQueriesContext(connection) as made:
        record_many(system, READ, [("resident", n) for n in range(50)], Purpose.CARD_SERVICE)
    assert len(made) == 1
