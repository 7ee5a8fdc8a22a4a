"""A card's life at the desk: replaced with its history, ended with its holder, flagged when replaced too often."""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from psycopg.conninfo import make_conninfo
from tests.conftest import resident_of, scope_for

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.actions import activate_cards, issue_cards, token_of
from ksdb.cards.actions.replacing import activate_by_token, end_cards, replace_card
from ksdb.cards.life import AlreadyReplaced, HasLiveCard, NotThisStatus, Reason
from ksdb.cards.models import Card, IssuerKey, PrintBatch, Signature
from ksdb.cards.queries.life import expiring_cards, replacements_of
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus, ScanResult
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Scope, system_scope
from ksdb.core.token import Form
from ksdb.gateway.app import make_application
from ksdb.places.models import ScanPoint
from ksdb.registry.actions import correct_person
from ksdb.registry.actions.people import Person
from ksdb.registry.models import Resident
from ksdb.visits.actions import enrol_device, keep_partitions
from ksdb.visits.models import Visit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx's successor
    from starlette.testclient import TestClient

pytestmark = pytest.mark.django_db


def desk(account: StaffAccount) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_a_lost_card_is_replaced_and_its_history_stays(binh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    new = replace_card(scope_for(binh), card_of_lan.pk, Reason.LOST)
    card_of_lan.refresh_from_db()
    assert (card_of_lan.status, card_of_lan.reason) == (CardStatus.REVOKED, Reason.LOST)
    assert (new.replaces_id, new.resident_id, new.status) == (card_of_lan.pk, lan.pk, CardStatus.ISSUED)
    assert new.pk != card_of_lan.pk
    assert Signature.objects.filter(card_index=new.pk).count() == 1
    entry = Entry.objects.get(action="cards:card:replace")
    assert (entry.subject_id, entry.detail["old"], entry.detail["reason"]) == (lan.pk, card_of_lan.pk, "lost")


def test_a_card_is_replaced_once(binh: StaffAccount, card_of_lan: Card) -> None:
    new = replace_card(scope_for(binh), card_of_lan.pk, Reason.DAMAGED)
    with pytest.raises(AlreadyReplaced):
        replace_card(scope_for(binh), card_of_lan.pk, Reason.DAMAGED)
    end_cards(scope_for(binh), new.resident_id, Reason.DIED)
    with pytest.raises(AlreadyReplaced):
        replace_card(scope_for(binh), card_of_lan.pk, Reason.LOST)


def test_a_card_that_was_revoked_by_phone_is_replaced_at_the_desk(
    system: Scope, binh: StaffAccount, card_of_lan: Card, lan: Resident
) -> None:
    end_cards(system, lan.pk, Reason.MOVED_AWAY)
    new = replace_card(scope_for(binh), card_of_lan.pk, Reason.LOST)
    card_of_lan.refresh_from_db()
    assert card_of_lan.reason == Reason.MOVED_AWAY, "why it ended stays as it was said"
    assert new.replaces_id == card_of_lan.pk


def test_beside_another_live_card_nothing_is_replaced(system: Scope, card_of_lan: Card, lan: Resident) -> None:
    end_cards(system, lan.pk, Reason.MOVED_AWAY)
    issue_cards(system, [lan.pk], Form.PAPER)
    with pytest.raises(HasLiveCard):
        replace_card(system, card_of_lan.pk, Reason.LOST)


def test_minh_replaces_and_ends_nothing_of_a(minh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    with pytest.raises(NotFound):
        replace_card(scope_for(minh), card_of_lan.pk, Reason.LOST)
    with pytest.raises(NotFound):
        end_cards(scope_for(minh), lan.pk, Reason.DIED)
    assert not expiring_cards(scope_for(minh)).exists()
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.ISSUED


@pytest.mark.parametrize("reason", [Reason.DIED, Reason.MOVED_AWAY, Reason.OVERRIDE, Reason.KEY_RETIRED])
def test_only_reasons_that_make_sense(system: Scope, card_of_lan: Card, lan: Resident, reason: Reason) -> None:
    with pytest.raises(NotThisStatus):
        replace_card(system, card_of_lan.pk, reason)
    if reason not in {Reason.DIED, Reason.MOVED_AWAY}:
        with pytest.raises(NotThisStatus):
            end_cards(system, lan.pk, reason)


def test_the_third_replacement_is_seen_by_officer_and_auditor(
    binh: StaffAccount, card_of_lan: Card, lan: Resident
) -> None:
    card, page = card_of_lan, reverse("cards:of_resident", args=[lan.pk])
    for _ in range(2):
        card = replace_card(scope_for(binh), card.pk, Reason.LOST)
    assert desk(binh).get(page).context["often"] == ""
    assert not Entry.objects.filter(action="cards:card:often_replaced").exists()
    card = replace_card(scope_for(binh), card.pk, Reason.STOLEN)
    assert "3" in desk(binh).get(page).context["often"]
    entry = Entry.objects.get(action="cards:card:often_replaced")
    assert (entry.subject_id, entry.detail) == (lan.pk, {"within_a_year": 3})
    Card.objects.update(issued_at=now() - timedelta(days=366))
    assert replacements_of(scope_for(binh), lan.pk) == []
    assert desk(binh).get(page).context["often"] == ""


def test_a_renewal_does_not_count_as_a_loss(system: Scope, card_of_lan: Card, lan: Resident) -> None:
    for reason in (Reason.EXPIRING, Reason.EXPIRING):
        card_of_lan = replace_card(system, card_of_lan.pk, reason)
    assert replacements_of(system, lan.pk) == []


def test_who_died_has_no_card_that_works(system: Scope, issuer_key: object, lan: Resident) -> None:
    indexes = [issue_cards(system, [lan.pk], form)[0].index for form in Form]
    activate_cards(system, indexes[:2])
    assert end_cards(system, lan.pk, Reason.DIED) == 3
    assert set(Card.objects.values_list("status", "reason")) == {(CardStatus.REVOKED, "died")}
    entry = Entry.objects.get(action="cards:card:end")
    assert sorted(entry.detail["cards"]) == sorted(indexes)
    with pytest.raises(NotFound):
        end_cards(system, lan.pk, Reason.DIED)


def test_one_page_replaces_and_prints(binh: StaffAccount, card_of_lan: Card) -> None:
    client, page = desk(binh), reverse("cards:replace", args=[card_of_lan.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": "lost"}).status_code == 422
    assert Card.objects.count() == 1, "nothing happens without confirming"
    answer = client.post(page, {"reason": "lost", "confirmed": "on", "prints": "on"})
    batch = PrintBatch.objects.get()
    assert answer["Location"] == reverse("cards:batch", args=[batch.pk])
    new = Card.objects.get(replaces=card_of_lan)
    assert [p.card_id for p in batch.prints.all()] == [new.pk]
    again = client.post(page, {"reason": "lost", "confirmed": "on"})
    assert again.status_code == 422
    assert PrintBatch.objects.count() == 1


def test_a_lost_card_is_blocked_before_anybody_looks_who_asks(binh: StaffAccount, card_of_lan: Card) -> None:
    client, page = desk(binh), reverse("cards:replace", args=[card_of_lan.pk])
    block = reverse("cards:block", args=[card_of_lan.pk])
    assert block not in client.get(page).content.decode(), "a card that is not activated lets nobody in"
    activate_cards(scope_for(binh), [card_of_lan.pk])
    assert block in client.get(page).content.decode()
    assert client.post(block)["Location"] == page
    card_of_lan.refresh_from_db()
    assert (card_of_lan.status, card_of_lan.reason) == (CardStatus.SUSPENDED, "lost")
    assert client.post(page, {"reason": "lost", "confirmed": "on"}).status_code == 302
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.REVOKED


def test_a_card_with_a_corrected_name_is_pointed_out(
    binh: StaffAccount, issuer_key: IssuerKey, card_of_lan: Card, lan: Resident
) -> None:
    scope, page = scope_for(binh), reverse("cards:of_resident", args=[lan.pk])
    electronic = issue_cards(scope, [lan.pk], Form.ELECTRONIC)[0]
    assert not desk(binh).get(page).context["outdated"]
    written = {"born_on": None, "sex": lan.sex, "commune_id": lan.division.parent_id, "group": lan.division.name}
    assert correct_person(scope, lan.pk, Person(name="Nguyễn Thị Lân", birth_year=1956, **written)) != []
    answer = desk(binh).get(page)
    flagged = [row.card.pk for row in answer.context["rows"] if row.outdated_since]
    assert (answer.context["outdated"], flagged) == (True, [card_of_lan.pk]), "a phone shows the name as it is now"
    asked = f"{reverse('cards:replace', args=[card_of_lan.pk])}?reason=wrong_data"
    assert asked in answer.content.decode()
    assert desk(binh).get(asked).context["form"].initial == {"reason": "wrong_data"}
    new = replace_card(scope, card_of_lan.pk, Reason.WRONG_DATA)
    assert not desk(binh).get(page).context["outdated"]
    assert electronic.index != new.pk


def test_replacements_of_a_merged_record_count_for_the_person(system: Scope, card_of_lan: Card, lan: Resident) -> None:
    replace_card(system, card_of_lan.pk, Reason.LOST)
    counting = resident_of(lan.division.parent, "Nguyễn Thị Lan", 1957)
    Resident.objects.filter(pk=lan.pk).update(merged_into=counting)
    assert len(replacements_of(system, counting.pk)) == 1


def test_one_page_ends_all(binh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    client, page = desk(binh), reverse("cards:end", args=[lan.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"reason": "died"}).status_code == 422
    assert client.post(page, {"reason": "died", "confirmed": "on"}).status_code == 302
    card_of_lan.refresh_from_db()
    assert card_of_lan.status == CardStatus.REVOKED
    assert client.post(page, {"reason": "died", "confirmed": "on"}).status_code == 422


def test_cards_that_expire_soon_are_listed(binh: StaffAccount, card_of_lan: Card, lan: Resident) -> None:
    page = reverse("cards:expiring")
    assert "Nguyễn Thị Lan" not in desk(binh).get(page).content.decode()
    Card.objects.update(expires_at=now() + timedelta(days=59))
    answer = desk(binh).get(page).content.decode()
    assert "Nguyễn Thị Lan" in answer
    assert reverse("cards:replace", args=[card_of_lan.pk]) in answer
    assert Entry.objects.filter(action="cards:expiring:read", subject_id=lan.pk).count() == 1


def test_a_resident_activates_by_showing_the_own_card(
    system: Scope, card_of_lan: Card, lan: Resident, binh: StaffAccount
) -> None:
    token = token_of(system, card_of_lan.pk)
    for wrong in ("", "1" * 235, token[:-1] + str((int(token[-1]) + 1) % 10)):
        with pytest.raises(NotThisStatus):
            activate_by_token(system, lan.pk, wrong)
    with pytest.raises(NotThisStatus):
        activate_by_token(system, lan.pk + 1, token)
    assert activate_by_token(system, lan.pk, f" {token}\n").status == CardStatus.ACTIVE
    with pytest.raises(NotThisStatus):
        activate_by_token(system, lan.pk, token)


def test_who_only_reads_replaces_nothing(hanh: StaffAccount, card_of_lan: Card) -> None:
    from ksdb.core.scope import Permission

    reader = scope_for(hanh).without(frozenset({Permission.CARDS_CARD_ISSUE}))
    with pytest.raises((NotFound, NotAllowed)):
        replace_card(reader, card_of_lan.pk, Reason.LOST)


@pytest.fixture
def gateway_url(clean_registry: None) -> Iterator[str]:
    """This database as a gateway opens it, with partitions for today, and without the visits at the end."""
    keep_partitions(system_scope())
    address = connection.settings_dict
    place = {"host": address["HOST"], "port": address["PORT"] or None}
    yield make_conninfo("", dbname=address["NAME"], user=address["USER"], **place)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE visit, refusal, device_intake")


@pytest.mark.django_db(transaction=True)
def test_visits_before_and_after_a_replacement_are_one_persons(
    gateway_url: str, system: Scope, issuer_key: IssuerKey, lan: Resident, market_a: ScanPoint
) -> None:
    _, secret = enrol_device(system, market_a.pk, "cổng chính")

    def scanned(card: int, sequence: int) -> str:
        application = make_application(replace(settings(), gateway_database_url=gateway_url))
        at = int(now().timestamp() * 1000)
        scan = {"scanned_at": at, "sequence": sequence, "token": token_of(system, card)}
        with TestClient(application, headers={"authorization": f"Bearer {secret}"}) as door:
            answer = door.post("/v1/scans", json={"sent_at": at, "scans": [scan]})
        return str(answer.json()["results"][0]["result"])

    old = issue_cards(system, [lan.pk], Form.PAPER)[0].index
    activate_cards(system, [old])
    assert scanned(old, 1) == "accepted"
    new = replace_card(system, old, Reason.LOST).pk
    assert scanned(new, 2) == "unverified", "not handed over yet"
    activate_cards(system, [new])
    assert scanned(new, 3) == "accepted"
    assert scanned(old, 4) == "revoked"
    visits = Visit.objects.filter(result=ScanResult.ACCEPTED).order_by("sequence")
    assert list(visits.values_list("card_index", "resident_id")) == [(old, lan.pk), (new, lan.pk)]
