"""An open case is held; a closed one is forgotten after the days of its profile, with a proof."""

import hashlib
import struct
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import scope_for

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import system_scope
from ksdb.tracing.actions import CaseClosed, run_trace
from ksdb.tracing.actions.keeping import close_case, forget_cases, reopen_case
from ksdb.tracing.models import CaseRecord, Contact, CoPresence, Trace
from ksdb.tracing.queries.keeping import WARNED_DAYS, kept_data, open_case_needs
from ksdb.visits.keeping import first_kept_on
from ksdb.visits.models import Visit


@pytest.fixture
def traced(lans_case: CaseRecord) -> Trace:
    return run_trace(system_scope(), lans_case.pk, "overlap-15")


def closed_ago(case: CaseRecord, length: timedelta) -> None:
    close_case(system_scope(), case.pk)
    CaseRecord.objects.filter(pk=case.pk).update(closed_at=now() - length, opened_at=now() - length)


def rows() -> list[int]:
    return [table.objects.count() for table in (CaseRecord, Trace, Contact, CoPresence)]


def test_an_open_case_is_held_however_old(lans_case: CaseRecord, traced: Trace) -> None:
    CaseRecord.objects.update(opened_at=now() - timedelta(days=4000))
    before = rows()
    assert forget_cases(system_scope()) == []
    assert rows() == before == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("length", "is_kept"), [(timedelta(days=59, hours=23), True), (timedelta(days=60, seconds=1), False)]
)
def test_a_closed_case_goes_after_the_days_of_its_profile(
    lans_case: CaseRecord, traced: Trace, length: timedelta, is_kept: bool
) -> None:
    closed_ago(lans_case, length)
    forgotten = forget_cases(system_scope())
    assert forgotten == ([] if is_kept else [lans_case.pk])
    assert rows() == ([1, 1, 2, 2] if is_kept else [0, 0, 0, 0])


def test_a_profile_says_how_many_days(lans_case: CaseRecord, traced: Trace) -> None:
    type(lans_case.profile).objects.update(keep_days=10)
    closed_ago(lans_case, timedelta(days=11))
    assert forget_cases(system_scope()) == [lans_case.pk]


def test_the_proof_stands_in_the_trail_without_a_name(lans_case: CaseRecord, traced: Trace) -> None:
    met = list(CoPresence.objects.order_by("id"))
    closed_ago(lans_case, timedelta(days=61))
    forget_cases(system_scope())
    entry = Entry.objects.get(action="tracing:case:forget")
    assert (entry.subject, entry.subject_id) == ("case", lans_case.pk)
    first = min(one.started_at for one in met)
    assert entry.detail == {
        "traces": 1,
        "contacts": 2,
        "co_presences": 2,
        "first_at": first.isoformat(),
        "last_at": max(one.ended_at for one in met).isoformat(),
        "keys_sha256": hashlib.sha256(b"".join(struct.pack(">q", one.pk) for one in met)).hexdigest(),
    }


def test_visits_do_not_go_with_the_case(lans_case: CaseRecord, traced: Trace) -> None:
    before = Visit.objects.count()
    closed_ago(lans_case, timedelta(days=61))
    forget_cases(system_scope())
    assert Visit.objects.count() == before > 0


def test_a_case_opened_again_is_held_again(lans_case: CaseRecord, traced: Trace) -> None:
    closed_ago(lans_case, timedelta(days=61))
    reopen_case(system_scope(), lans_case.pk)
    assert forget_cases(system_scope()) == []
    actions = Entry.objects.filter(action__startswith="tracing:case:").values_list("action", flat=True)
    assert {"tracing:case:close", "tracing:case:reopen"} <= set(actions)


def test_closing_again_does_not_start_the_days_anew(lans_case: CaseRecord) -> None:
    first = close_case(system_scope(), lans_case.pk).closed_at
    assert close_case(system_scope(), lans_case.pk).closed_at == first


def test_a_closed_case_is_not_traced(lans_case: CaseRecord) -> None:
    close_case(system_scope(), lans_case.pk)
    with pytest.raises(CaseClosed):
        run_trace(system_scope(), lans_case.pk, "overlap-15")


def test_an_open_case_needs_the_days_it_was_infectious(lans_case: CaseRecord, hanh: StaffAccount) -> None:
    """Onset yesterday, two days before and thirteen after."""
    scope = scope_for(hanh)
    needed = [days for days in range(-20, 20) if open_case_needs(scope, today() - timedelta(days=days))]
    assert needed == list(range(-12, 4))
    close_case(system_scope(), lans_case.pk)
    assert not open_case_needs(scope, today())


def test_the_page_of_retention_counts_cases_and_names_nobody(
    lans_case: CaseRecord, traced: Trace, hanh: StaffAccount
) -> None:
    told = kept_data(scope_for(hanh))
    assert [one.count for one in told] == [1, 0, 2, 0]
    closed_ago(lans_case, timedelta(days=10))
    told = kept_data(scope_for(hanh))
    assert [one.count for one in told] == [0, 1, 2, 0]
    assert told[1].next_on == today() + timedelta(days=51)


def test_officers_close_nothing(client: Client, lans_case: CaseRecord, binh: StaffAccount, hanh: StaffAccount) -> None:
    url = reverse("tracing:case_close", args=[lans_case.pk])
    client.force_login(binh)
    assert client.post(url).status_code == 403
    with pytest.raises((NotAllowed, NotFound)):
        forget_cases(scope_for(binh))
    client.force_login(hanh)
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 302
    lans_case.refresh_from_db()
    assert lans_case.closed_at
    page = client.get(reverse("tracing:case", args=[lans_case.pk])).content.decode()
    assert reverse("tracing:trace_run", args=[lans_case.pk]) not in page
    assert reverse("tracing:case_reopen", args=[lans_case.pk]) in page


def test_an_untraced_case_is_told_of_before_its_days_go(
    client: Client, lans_case: CaseRecord, hanh: StaffAccount, minh: StaffAccount
) -> None:
    """The hold of an open case keeps its traces. It has none yet, and its visits go like everybody's."""
    sentence = "chưa được truy vết"
    client.force_login(hanh)
    page = reverse("tracing:cases")
    assert sentence not in client.get(page).content.decode(), "its days are kept for weeks"
    sampled = first_kept_on() + timedelta(days=WARNED_DAYS - 1)
    CaseRecord.objects.filter(pk=lans_case.pk).update(sampled_on=sampled, onset_on=sampled)
    text = client.get(page).content.decode()
    assert sentence in text
    assert reverse("tracing:case", args=[lans_case.pk]) in text.split('role="alert"')[1].split("</div>")[0]
    other = Client()
    other.force_login(minh)
    assert sentence not in other.get(reverse("registry:residents")).content.decode()
    run_trace(system_scope(), lans_case.pk, "overlap-15")
    assert sentence not in client.get(page).content.decode()
