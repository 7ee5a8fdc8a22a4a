"""The pages: who may see them and what they say."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.models import Card
from ksdb.core.clock import now, today
from ksdb.core.decision import CardStatus
from ksdb.core.ids import card_number
from ksdb.core.scope import Scope, system_scope
from ksdb.core.token import Form
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, open_case, run_trace
from ksdb.tracing.actions.keeping import close_case
from ksdb.tracing.models import CaseRecord, Trace


@pytest.fixture
def traced(lans_case: CaseRecord) -> Trace:
    return run_trace(system_scope(), lans_case.pk, "overlap-15")


def signed_in(client: Client, account: StaffAccount) -> Client:
    client.force_login(account)
    return client


def urls_of(trace: Trace) -> list[str]:
    contact = trace.contacts.first()
    assert contact is not None
    return [
        reverse("tracing:cases"),
        reverse("tracing:case_new"),
        reverse("tracing:case_open", args=[trace.case.resident_id]),
        reverse("tracing:case", args=[trace.case_id]),
        reverse("tracing:trace", args=[trace.pk]),
        reverse("tracing:contact", args=[trace.pk, contact.pk]),
    ]


@pytest.mark.parametrize("officer", ["binh", "minh"])
def test_officers_without_the_right_see_no_page(
    officer: str, request: pytest.FixtureRequest, client: Client, traced: Trace
) -> None:
    signed_in(client, request.getfixturevalue(officer))
    assert {client.get(url).status_code for url in urls_of(traced)} == {403}
    assert client.post(reverse("tracing:trace_run", args=[traced.case_id])).status_code == 403
    assert Trace.objects.count() == 1


def test_hanh_sees_every_page(client: Client, hanh: StaffAccount, traced: Trace) -> None:
    signed_in(client, hanh)
    assert {client.get(url).status_code for url in urls_of(traced)} == {200}


def test_hanh_opens_a_case_by_the_number_on_the_card(
    client: Client, hanh: StaffAccount, profiles: Scope, lan: Resident
) -> None:
    number = card_number(123)
    Card.objects.create(
        index=5,
        number=number,
        resident=lan,
        form=Form.PAPER,
        status=CardStatus.ACTIVE,
        status_since=now(),
        issued_at=now(),
        expires_at=now(),
    )
    signed_in(client, hanh)
    typed = f"{number[:4]} {number[4:8]} {number[8:]}"
    answer = client.post(reverse("tracing:case_new"), {"number": typed})
    assert answer["Location"] == reverse("tracing:case_open", args=[lan.pk])
    said = {"profile": "covid-19", "onset_on": today().isoformat(), "sampled_on": today().isoformat()}
    answer = client.post(answer["Location"], said)
    case = CaseRecord.objects.get()
    assert answer["Location"] == reverse("tracing:case", args=[case.pk])
    assert (case.resident_id, case.onset_on, case.opened_by_id) == (lan.pk, today(), hanh.pk)


def test_a_case_found_by_name_is_opened_and_traced_at_once(
    client: Client, hanh: StaffAccount, market_day: None, lan: Resident
) -> None:
    signed_in(client, hanh)
    page = client.post(reverse("tracing:case_new"), {"name": lan.full_name.lower(), "birth_year": lan.birth_year})
    assert [one.resident.pk for one in page.context["people"]] == [lan.pk]
    assert reverse("tracing:report") in page.content.decode()  # who is not known is offered too
    assert Entry.objects.filter(subject_id=lan.pk, actor_id=hanh.pk, purpose="case_tracing").exists()
    path = reverse("tracing:case_open", args=[lan.pk])
    assert path in page.content.decode()
    on = today().isoformat()
    said = {"profile": "covid-19", "onset_on": on, "sampled_on": on, "then": "trace"}
    assert client.post(path, {**said, "rules": "overlap-15", "isolated_at": f"{today()}T25:00"}).status_code == 422
    for _ in range(2):  # pressed twice, it opens one case and traces once
        answer = client.post(path, {**said, "rules": "overlap-15"}, follow=True)
        (trace,) = Trace.objects.all()
        assert answer.redirect_chain[-1][0] == reverse("tracing:trace", args=[trace.pk])
    page = answer.content.decode()
    assert page.index("Trần Văn Hòa") < page.index("Hồ Thị Sen")
    answer = client.post(path, {**said, "then": "", "onset_on": ""})  # other days: another case, which is refused
    assert (answer.status_code, CaseRecord.objects.count()) == (422, 1)
    assert reverse("tracing:case", args=[trace.case_id]) in answer.content.decode()
    found = client.post(reverse("tracing:case_new"), {"name": lan.full_name})
    assert [one.case_id for one in found.context["people"]] == [trace.case_id]
    resident = client.get(reverse("registry:resident", args=[lan.pk]) + "?purpose=case_tracing")
    assert path in resident.content.decode()


def test_cases_are_looked_for(client: Client, hanh: StaffAccount, lans_case: CaseRecord, neighbour: Resident) -> None:
    other = open_case(system_scope(), neighbour.pk, CaseFacts("covid-19", None, today()))
    close_case(system_scope(), other.pk)
    signed_in(client, hanh)
    path = reverse("tracing:cases")

    def shown(**said: str) -> list[int]:
        return [one.pk for one in client.post(path, said, follow=True).context["page"]]

    assert shown() == [other.pk, lans_case.pk]
    assert shown(name=neighbour.full_name.split()[-1].lower()) == [other.pk]
    assert (shown(state="open"), shown(state="closed")) == ([lans_case.pk], [other.pk])
    assert (shown(case=str(other.pk)), shown(profile="mers")) == ([other.pk], [])
    assert shown(since=(today() + timedelta(days=1)).isoformat()) == []
    assert client.post(path, {"name": "hoa", "state": "open"}).status_code == 200  # a name is in no address


def test_isolation_before_the_onset_is_taken_with_a_warning(
    client: Client, hanh: StaffAccount, profiles: Scope, lan: Resident
) -> None:
    said = {"profile": "covid-19", "onset_on": today().isoformat(), "sampled_on": today().isoformat()}
    isolated = f"{today() - timedelta(days=1)}T08:00"
    path = reverse("tracing:case_open", args=[lan.pk])
    answer = signed_in(client, hanh).post(path, {**said, "isolated_at": isolated}, follow=True)
    assert answer.context["is_isolated_early"]
    assert [message.level_tag for message in answer.context["messages"]] == ["warning"]


@pytest.mark.parametrize("number", ["0", "999999", "một", "123456789012"])
def test_an_unknown_number_is_said_to_be_unknown(client: Client, hanh: StaffAccount, db: None, number: str) -> None:
    answer = signed_in(client, hanh).post(reverse("tracing:case_new"), {"number": number})
    assert answer.status_code == 422
    assert answer.context["form"].errors["number"]


def test_isolation_before_the_period_is_told_at_its_field(
    client: Client, hanh: StaffAccount, profiles: Scope, lan: Resident
) -> None:
    said = {
        "profile": "covid-19",
        "onset_on": today().isoformat(),
        "sampled_on": today().isoformat(),
        "isolated_at": f"{today() - timedelta(days=9)}T08:00",
    }
    answer = signed_in(client, hanh).post(reverse("tracing:case_open", args=[lan.pk]), said)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["isolated_at"]
    assert not CaseRecord.objects.exists()


def test_days_to_come_are_refused(client: Client, hanh: StaffAccount, profiles: Scope, lan: Resident) -> None:
    said = {"profile": "covid-19", "sampled_on": (today() + timedelta(days=1)).isoformat()}
    answer = signed_in(client, hanh).post(reverse("tracing:case_open", args=[lan.pk]), said)
    assert list(answer.context["form"].errors) == ["sampled_on"]


def test_trace_now_leads_to_the_contacts(client: Client, hanh: StaffAccount, lans_case: CaseRecord) -> None:
    answer = signed_in(client, hanh).post(
        reverse("tracing:trace_run", args=[lans_case.pk]), {"rules": "overlap-15"}, follow=True
    )
    page = answer.content.decode()
    assert "Trần Văn Hòa" in page
    assert "Chợ Hương Vân" in page
    assert page.index("Trần Văn Hòa") < page.index("Hồ Thị Sen")
    assert "Phạm Văn Muộn" not in page
    assert "0,0\u00a0%" in page  # nobody of the commune holds a card: the page says so


def test_contacts_are_shown_by_commune(client: Client, hanh: StaffAccount, traced: Trace, stranger: Resident) -> None:
    commune = stranger.division.parent_id
    page = signed_in(client, hanh).get(f"{reverse('tracing:trace', args=[traced.pk])}?commune={commune}")
    assert [row.person.name for row in page.context["report"].rows] == ["Hồ Thị Sen"]


def test_evidence_says_place_and_times(client: Client, hanh: StaffAccount, traced: Trace, neighbour: Resident) -> None:
    contact = traced.contacts.get(resident_id=neighbour.pk)
    answer = signed_in(client, hanh).get(reverse("tracing:contact", args=[traced.pk, contact.pk]))
    page = answer.content.decode()
    assert "08:10 – 08:30" in page
    assert Entry.objects.filter(actor_id=hanh.pk, subject_id=neighbour.pk, purpose="case_tracing").exists()


def test_a_contact_of_another_trace_is_not_found(client: Client, hanh: StaffAccount, traced: Trace) -> None:
    again = run_trace(system_scope(), traced.case_id, "overlap-15")
    contact = again.contacts.first()
    assert contact is not None
    answer = signed_in(client, hanh).get(reverse("tracing:contact", args=[traced.pk, contact.pk]))
    assert answer.status_code == 404


def test_a_page_shows_at_most_fifty(client: Client, hanh: StaffAccount, traced: Trace, commune_a: object) -> None:
    first = traced.contacts.first()
    assert first is not None
    for number in range(60):
        first.pk, first.resident_id = None, resident_of(traced.case.resident.division, f"Người Thứ {number}").pk
        first.save(force_insert=True)
    page = signed_in(client, hanh).get(reverse("tracing:trace", args=[traced.pk]))
    assert len(page.context["report"].rows) == 50
    second = client.get(reverse("tracing:trace", args=[traced.pk]) + "?page=2")
    assert [row.rank for row in second.context["report"].rows] == list(range(51, 63))
