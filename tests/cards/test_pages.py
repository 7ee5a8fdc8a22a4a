import pytest
from django.test import Client
from django.urls import reverse

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.actions import activate_cards, issue_cards
from ksdb.cards.actions.drawing import print_batch
from ksdb.cards.actions.printing import order_batch
from ksdb.cards.jobs import draw
from ksdb.cards.models import Card, IssuerKey, PrintBatch
from ksdb.cards.queries.printing import prints_dir
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Scope, system_scope
from ksdb.core.token import Form
from ksdb.places.models import Division
from ksdb.registry.models import Resident

pytestmark = pytest.mark.django_db


HOW = {"layout": "a4-2x4", "payer": "ward"}


def signed_in(account: StaffAccount) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_binh_sees_the_cards_of_lan(binh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    response = signed_in(binh).get(reverse("cards:of_resident", args=[lan.pk]))
    page = response.content.decode()
    number = card_of_lan.number
    assert response.status_code == 200
    assert "Nguyễn Thị Lan" in page
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in page
    assert "Nguyễn Thị Lan" not in page.split("</title>")[0]
    assert Entry.objects.filter(action="cards:card:read", subject_id=lan.pk, actor_id=binh.pk).count() == 1


def test_a_card_is_issued_activated_and_revoked_by_hand(
    binh: StaffAccount, issuer_key: IssuerKey, lan: Resident
) -> None:
    client = signed_in(binh)
    client.post(reverse("cards:issue", args=[lan.pk]), {"form": Form.PAPER.value})
    card = Card.objects.get(resident=lan)
    client.post(reverse("cards:activate", args=[card.pk]))
    card.refresh_from_db()
    assert card.status == CardStatus.ACTIVE
    change = reverse("cards:change", args=[card.pk])
    client.post(change, {"status": CardStatus.REVOKED.value, "reason": "lost"})
    card.refresh_from_db()
    assert card.status == CardStatus.ACTIVE, "nothing is revoked without confirming"
    response = client.post(
        change, {"status": CardStatus.REVOKED.value, "reason": "lost", "confirmed": "on"}, follow=True
    )
    card.refresh_from_db()
    assert (card.status, card.reason) == (CardStatus.REVOKED, "lost")
    assert response.redirect_chain == [(reverse("cards:of_resident", args=[lan.pk]), 302)]


def test_a_second_card_of_the_form_is_refused_in_words(binh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    response = signed_in(binh).post(reverse("cards:issue", args=[lan.pk]), {"form": Form.PAPER.value}, follow=True)
    assert 'role="alert"' in response.content.decode()
    assert Card.objects.filter(resident=lan).count() == 1


def test_minh_gets_nowhere(minh: StaffAccount, system: Scope, card_of_lan: Card, lan: Resident) -> None:
    batch = print_batch(system, lan.division_id, Form.PAPER)
    client = signed_in(minh)
    answers = [
        client.get(reverse("cards:of_resident", args=[lan.pk])),
        client.post(reverse("cards:issue", args=[lan.pk]), {"form": Form.ELECTRONIC.value}),
        client.post(reverse("cards:activate", args=[card_of_lan.pk])),
        client.post(reverse("cards:change", args=[card_of_lan.pk]), {"status": 4, "reason": "lost", "confirmed": "on"}),
        client.get(reverse("cards:batch", args=[batch.pk])),
        client.get(reverse("cards:batch_file", args=[batch.pk, 1])),
        client.post(reverse("cards:order"), {"division": lan.division_id, "form": 2}),
        client.post(reverse("cards:issue_missing"), {"division": lan.division_id, "form": 2}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.ISSUED
    found = client.post(reverse("cards:find"), {"number": card_of_lan.number, "purpose": "card_service"})
    assert found.status_code == 200
    assert str(lan.pk) not in found.headers.get("Location", "")


def test_nobody_unsigned_gets_anywhere(card_of_lan: Card, lan: Resident) -> None:
    response = Client().get(reverse("cards:of_resident", args=[lan.pk]))
    assert response.status_code == 302
    assert "/sign-in/" in response.headers["Location"]


def test_a_number_typed_with_spaces_leads_to_the_resident(binh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    number = card_of_lan.number
    spaced = f"{number[:4]} {number[4:8]} {number[8:]}"
    assert signed_in(binh).post(reverse("cards:find"), {"number": spaced}).context["form"].errors["purpose"]
    response = signed_in(binh).post(reverse("cards:find"), {"number": spaced, "purpose": "correction"})
    assert Entry.objects.get(action="cards:card:find").purpose == "correction"
    assert response.headers["Location"] == reverse("cards:of_resident", args=[lan.pk])


@pytest.mark.parametrize("typed", ["", "1234", "000000079445", "abc"])
def test_a_mistyped_number_is_told_at_the_field(binh: StaffAccount, typed: str) -> None:
    page = signed_in(binh).post(reverse("cards:find"), {"number": typed}).content.decode()
    assert 'id="id_number_error"' in page


def test_cards_are_issued_printed_and_downloaded(
    binh: StaffAccount, issuer_key: IssuerKey, lan: Resident, commune_a: Division
) -> None:
    client = signed_in(binh)
    chosen = {"division": commune_a.pk, "form": Form.PAPER.value}
    page = client.post(reverse("cards:issue_missing"), chosen, follow=True).content.decode()
    assert 'name="confirmed"' in page
    assert not Card.objects.exists(), "nothing is issued without confirming"
    client.post(reverse("cards:issue_missing"), chosen | {"confirmed": "on"})
    activate_cards(system_scope(), [Card.objects.get(resident=lan).index])
    response = client.post(reverse("cards:order"), chosen | HOW)
    batch = PrintBatch.objects.get()
    assert response.headers["Location"] == reverse("cards:batch", args=[batch.pk])
    assert client.get(reverse("cards:batch_file", args=[batch.pk, 1])).status_code == 404
    assert 'hx-trigger="every 2s"' in client.get(reverse("cards:batch", args=[batch.pk])).content.decode()
    draw(batch.pk)
    assert "hx-trigger" not in client.get(reverse("cards:batch", args=[batch.pk])).content.decode()
    download = client.get(reverse("cards:batch_file", args=[batch.pk, 1]))
    body = b"".join(download.streaming_content)  # type: ignore[attr-defined]
    batch.refresh_from_db()
    assert body == (prints_dir() / batch.parts.get().file_name).read_bytes()
    assert download.headers["Content-Disposition"] == f'attachment; filename="ksdb-{batch.pk}-1.pdf"'
    assert Entry.objects.filter(action="cards:batch:download", actor_id=binh.pk).count() == 1
    listing = client.get(reverse("cards:batches")).content.decode()
    assert reverse("cards:batch", args=[batch.pk]) in listing
    assert client.post(reverse("cards:order"), chosen | HOW, follow=True).status_code == 200
    assert PrintBatch.objects.count() == 1


def test_an_empty_ward_is_told_what_to_do_first(minh: StaffAccount) -> None:
    response = signed_in(minh).get(reverse("cards:batches"))
    assert response.status_code == 200
    assert 'class="empty"' in response.content.decode()


def test_a_batch_is_reported_printed_and_its_misprints_ordered_again(
    binh: StaffAccount, issuer_key: IssuerKey, lan: Resident, commune_a: Division
) -> None:
    issue_cards(system_scope(), [lan.pk], Form.PAPER)
    batch = print_batch(system_scope(), commune_a.pk, Form.PAPER)
    client, page = signed_in(binh), reverse("cards:batch", args=[batch.pk])
    assert client.post(reverse("cards:batch_printed", args=[batch.pk])).headers["Location"] == page
    report = reverse("cards:batch_misprint", args=[batch.pk])
    for wrong in ({}, {"numbers": "1234"}, {"sheets": "one"}, {"sheets": "9-9"}, {"numbers": "000000079444"}):
        assert client.post(report, wrong).status_code == 422, wrong
    assert client.post(report, {"sheets": "1-1"}).headers["Location"] == page
    assert reverse("cards:batch_reprint", args=[batch.pk]) in client.get(page).content.decode()
    again = client.post(reverse("cards:batch_reprint", args=[batch.pk])).headers["Location"]
    assert again == reverse("cards:batch", args=[PrintBatch.objects.get(reprint_of=batch).pk])
    costs = client.get(reverse("cards:costs")).content.decode()
    assert commune_a.name in costs
    assert "1.500" in costs


def test_a_card_is_printed_from_the_page_of_its_holder(
    binh: StaffAccount, issuer_key: IssuerKey, lan: Resident
) -> None:
    (card,) = issue_cards(system_scope(), [lan.pk], Form.PAPER)
    client = signed_in(binh)
    page = client.get(reverse("cards:of_resident", args=[lan.pk])).content.decode()
    assert reverse("cards:print_card", args=[card.index]) in page
    client.post(reverse("cards:print_card", args=[card.index]), {"layout": "home"})
    client.post(reverse("cards:print_letter", args=[lan.pk]), {"form": Form.PAPER.value})
    assert list(PrintBatch.objects.order_by("pk").values_list("layout", flat=True)) == ["home", "letter"]


def test_a_stopped_batch_says_why_and_is_gone_on_with(
    binh: StaffAccount, issuer_key: IssuerKey, lan: Resident, commune_a: Division
) -> None:
    issue_cards(system_scope(), [lan.pk], Form.PAPER)
    batch = order_batch(system_scope(), commune_a.pk, Form.PAPER)
    PrintBatch.objects.filter(pk=batch.pk).update(status=PrintBatch.Status.FAILED, fault="print_disk_full")
    client, page = signed_in(binh), reverse("cards:batch", args=[batch.pk])
    assert reverse("cards:batch_resume", args=[batch.pk]) in client.get(page).content.decode()
    assert client.post(reverse("cards:batch_resume", args=[batch.pk])).headers["Location"] == page
    client.post(reverse("cards:batch_cancel", args=[batch.pk]))
    batch.refresh_from_db()
    assert batch.status == PrintBatch.Status.CANCELLED
