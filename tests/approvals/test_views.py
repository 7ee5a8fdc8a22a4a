"""The pages of acts: who sees and decides what."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.approvals.conftest import in_unit
from tests.conftest import resident_of, scope_for

from ksdb.access.models import StaffAccount
from ksdb.approvals.models import Act
from ksdb.cards.actions import change_status, issue_cards
from ksdb.cards.actions.bulk import ask_override
from ksdb.cards.life import Reason
from ksdb.cards.models import Card, IssuerKey
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Scope, system_scope
from ksdb.core.token import Form
from ksdb.places.models import Division

WHY = "Thu hồi nhầm khi đối chiếu danh sách"


def signed_in(account: StaffAccount) -> Client:
    client = Client()
    client.force_login(account)
    return client


@pytest.fixture
def asked(asker: StaffAccount, card_of_lan: Card) -> Act:
    change_status(system_scope(), card_of_lan.pk, CardStatus.REVOKED, Reason.LOST)
    return ask_override(scope_for(asker), card_of_lan.pk, CardStatus.ACTIVE, WHY)


def test_the_second_person_sees_it_waiting_looks_and_approves(asked: Act, duc: StaffAccount) -> None:
    client = signed_in(duc)
    page_url = reverse("approvals:act", args=[asked.pk])
    assert page_url in client.get(reverse("approvals:acts")).content.decode()
    page = client.get(page_url).content.decode()
    assert "Trần Thị Hạnh, Sở Y tế" in page
    assert WHY in page
    assert reverse("cards:of_resident", args=[asked.payload["resident"]]) in page
    approve = reverse("approvals:approve", args=[asked.pk])
    assert client.post(approve).status_code == 422
    asked.refresh_from_db()
    assert asked.status == Act.Status.WAITING, "nothing is approved without confirming"
    assert client.post(approve, {"confirmed": "on"}, follow=True).redirect_chain == [(page_url, 302)]
    asked.refresh_from_db()
    assert asked.status == Act.Status.DONE
    assert approve not in client.get(page_url).content.decode()


def test_the_asker_gets_no_button_to_approve(asked: Act, asker: StaffAccount) -> None:
    client = signed_in(asker)
    page = client.get(reverse("approvals:act", args=[asked.pk])).content.decode()
    assert reverse("approvals:approve", args=[asked.pk]) not in page
    assert reverse("approvals:withdraw", args=[asked.pk]) in page
    answer = client.post(reverse("approvals:approve", args=[asked.pk]), {"confirmed": "on"}, follow=True)
    assert 'role="alert"' in answer.content.decode()
    client.post(reverse("approvals:withdraw", args=[asked.pk]))
    asked.refresh_from_db()
    assert asked.status == Act.Status.WITHDRAWN


def test_a_colleague_is_told_why_not(asked: Act, hoa: StaffAccount) -> None:
    client = signed_in(hoa)
    page = client.get(reverse("approvals:act", args=[asked.pk])).content.decode()
    assert reverse("approvals:approve", args=[asked.pk]) not in page
    refuse = reverse("approvals:refuse", args=[asked.pk])
    assert refuse in page
    assert client.post(refuse, {"reason": "ngắn"}).status_code == 422
    client.post(refuse, {"reason": "Chưa đủ căn cứ để mở lại"})
    asked.refresh_from_db()
    assert asked.status == Act.Status.REFUSED


def test_a_reason_is_shown_as_text(asked: Act, duc: StaffAccount) -> None:
    Act.objects.filter(pk=asked.pk).update(reason="<script>alert(1)</script> vì vậy")
    page = signed_in(duc).get(reverse("approvals:act", args=[asked.pk])).content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize("name", ["act", "approve", "refuse", "withdraw"])
def test_minh_finds_nothing_of_a(asked: Act, minh: StaffAccount, name: str) -> None:
    url = reverse(f"approvals:{name}", args=[asked.pk])
    given = {"confirmed": "on", "reason": "một lý do đủ dài"}
    client = signed_in(minh)
    assert {client.get(url).status_code, client.post(url, given).status_code} <= {403, 404, 405}
    asked.refresh_from_db()
    assert asked.status == Act.Status.WAITING


def test_issuing_many_leads_to_asking(
    binh: StaffAccount, duc: StaffAccount, issuer_key: IssuerKey, commune_a: Division
) -> None:
    for number in range(51):
        resident_of(commune_a, f"Người Thứ {number}")
    client = signed_in(in_unit(binh, "UBND phường"))
    chosen = {"division": commune_a.pk, "form": Form.PAPER.value}
    assert client.post(reverse("cards:issue_missing"), chosen)["Location"].startswith(reverse("cards:batches"))
    answer = client.post(reverse("cards:issue_missing"), {**chosen, "confirmed": "on"})
    assert answer["Location"] == f"{reverse('cards:ask_issue')}?division={commune_a.pk}&form=2"
    assert not Card.objects.exists()
    page = client.get(answer["Location"]).content.decode()
    assert f'value="{commune_a.pk}"' in page
    client.post(reverse("cards:ask_issue"), {**chosen, "reason": WHY})
    act = Act.objects.get()
    assert (act.payload["count"], act.requester_unit) == (51, "UBND phường")
    signed_in(duc).post(reverse("approvals:approve", args=[act.pk]), {"confirmed": "on"})
    assert Card.objects.count() == 51


def test_minh_asks_for_nothing_in_a(minh: StaffAccount, commune_a: Division, issuer_key: IssuerKey) -> None:
    resident_of(commune_a, "Nguyễn Thị Lan")
    given = {"division": commune_a.pk, "form": 2, "reason": WHY}
    assert signed_in(in_unit(minh, "UBND")).post(reverse("cards:ask_issue"), given).status_code == 404
    assert not Act.objects.exists()


@pytest.fixture
def eleven(system: Scope, issuer_key: IssuerKey, commune_a: Division) -> list[str]:
    people = [resident_of(commune_a, f"Người Thứ {number}").pk for number in range(11)]
    return [card.number for card in issue_cards(system, people, Form.PAPER)]


def test_cards_are_revoked_by_their_numbers(binh: StaffAccount, minh: StaffAccount, eleven: list[str]) -> None:
    url = reverse("cards:revoke")
    said = {"numbers": "\n".join(eleven[:2]), "reason": "lost", "purpose": "card_service", "confirmed": "on"}
    assert signed_in(minh).post(url, said).status_code == 422
    assert not Card.objects.filter(status=CardStatus.REVOKED).exists()
    assert signed_in(binh).post(url, said).status_code == 302
    assert Card.objects.filter(status=CardStatus.REVOKED).count() == 2
    assert signed_in(binh).post(url, said).status_code == 422
    mistyped = signed_in(binh).post(url, {**said, "numbers": "000000079445"})
    assert mistyped.context["form"].errors["numbers"]


def test_more_than_ten_need_a_reason_and_a_second_person(binh: StaffAccount, eleven: list[str]) -> None:
    client = signed_in(in_unit(binh, "UBND phường"))
    said = {"numbers": "\n".join(eleven), "reason": "wrong_data", "purpose": "card_service", "confirmed": "on"}
    assert client.post(reverse("cards:revoke"), said).context["form"].errors["why"]
    client.post(reverse("cards:revoke"), {**said, "why": WHY})
    assert Act.objects.get().payload["count"] == 11
    assert not Card.objects.filter(status=CardStatus.REVOKED).exists()


def test_a_status_out_of_order_is_asked_for_on_the_cards_page(
    asker: StaffAccount, card_of_lan: Card, binh: StaffAccount
) -> None:
    change_status(system_scope(), card_of_lan.pk, CardStatus.REVOKED, Reason.LOST)
    url = reverse("cards:override", args=[card_of_lan.pk])
    holder = reverse("cards:of_resident", args=[card_of_lan.resident_id])
    assert url in signed_in(asker).get(holder).content.decode()
    assert url not in signed_in(binh).get(holder).content.decode()
    assert signed_in(binh).get(url).status_code == 403
    assert signed_in(asker).post(url, {"status": CardStatus.REVOKED.value, "reason": WHY}).status_code == 422
    answer = signed_in(asker).post(url, {"status": CardStatus.ACTIVE.value, "reason": WHY})
    assert answer["Location"] == reverse("approvals:act", args=[Act.objects.get().pk])
    asker.unit = ""
    asker.save()
    assert signed_in(asker).post(url, {"status": CardStatus.SUSPENDED.value, "reason": WHY}).status_code == 422
