"""The nightly check finds what was planted, and nothing else."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.cards.test_lists import trusted

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.actions import activate_cards, issue_cards, make_issuer_key, reconciling
from ksdb.cards.actions.binding import bind_card
from ksdb.cards.actions.drawing import draw_batch, print_batch
from ksdb.cards.actions.keys import retire_key, rotate_key
from ksdb.cards.actions.printing import order_cards
from ksdb.cards.actions.reconciling import check_ledger
from ksdb.cards.jobs import check_cards_and_ledger
from ksdb.cards.keys import key_path
from ksdb.cards.models import Binding, Card, CardPrint, IssuerKey, LedgerCheck, PrintBatch, Signature
from ksdb.cards.queries.printing import prints_dir
from ksdb.cards.words import FINDING_LABELS
from ksdb.core.clock import now
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.registry.models import Resident

pytestmark = pytest.mark.django_db


def kinds(scope: Scope) -> set[str]:
    return set(check_ledger(scope).findings.values_list("kind", flat=True))


def test_what_is_right_raises_no_alarm(system: Scope, card_of_lan: Card, lan: Resident) -> None:
    trusted(system)
    order_cards(system, [card_of_lan.pk])
    activate_cards(system, [card_of_lan.pk])
    make_issuer_key(system)
    trusted(system)
    rotate_key(system)
    issue_cards(system, [lan.pk], Form.PLASTIC)
    retire_key(system, IssuerKey.objects.earliest("pk").pk)
    run = check_ledger(system)
    assert (run.finding_count, run.card_count, run.signature_count, run.resigned_count) == (0, 2, 2, 2)


def strip_the_ledger(card: Card) -> None:
    Signature.objects.filter(card_index=card.pk).delete()


def sign_a_ghost(card: Card) -> None:
    line = Signature.objects.get(card_index=card.pk)
    Signature.objects.create(card_index=card.pk + 1, kid=line.kid, token_sha256=b"x" * 32, signed_at=now())


def sign_with_a_strange_key(card: Card) -> None:
    Signature.objects.filter(card_index=card.pk).update(kid=99)


def sign_after_the_end(card: Card) -> None:
    IssuerKey.objects.update(closed_at=now() - timedelta(days=1))


def sign_twice(card: Card) -> None:
    line = Signature.objects.get(card_index=card.pk)
    Signature.objects.create(card_index=card.pk, kid=line.kid, token_sha256=b"y" * 32, signed_at=now())


def alter_the_line(card: Card) -> None:
    Signature.objects.filter(card_index=card.pk).update(token_sha256=b"z" * 32)


def alter_the_card(card: Card) -> None:
    Card.objects.filter(pk=card.pk).update(expires_at=card.expires_at + timedelta(days=365))


PLANTED: dict[str, tuple[Callable[[Card], None], set[str]]] = {
    "a card without a line": (strip_the_ledger, {"card_unsigned", "printed_unsigned"}),
    "a line without a card": (sign_a_ghost, {"signed_no_card"}),
    "a key that is none of ours": (sign_with_a_strange_key, {"key_unknown"}),
    "a key that was closed": (sign_after_the_end, {"key_not_valid"}),
    "two different tokens": (sign_twice, {"signed_twice", "not_this_key"}),
    "another hash": (alter_the_line, {"not_this_key"}),
    "a card prolonged past the actions": (alter_the_card, {"not_this_key"}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_each_planted_fault_is_found(system: Scope, card_of_lan: Card, name: str) -> None:
    order_cards(system, [card_of_lan.pk])
    plant, found = PLANTED[name]
    plant(card_of_lan)
    assert kinds(system) == found
    assert found <= set(FINDING_LABELS)


def test_a_key_that_signed_too_much_is_found(system: Scope, card_of_lan: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "CARDS_PER_KEY", 0)
    assert kinds(system) == {"key_overdrawn"}


def test_new_lines_are_signed_again_before_old_ones(
    system: Scope, card_of_lan: Card, lan: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_ledger(system)
    new = issue_cards(system, [lan.pk], Form.PLASTIC)[0]
    alter_the_line(Card.objects.get(pk=new.index))
    monkeypatch.setattr(reconciling, "RESIGNED", 1)
    assert kinds(system) == {"not_this_key"}


def test_a_key_file_that_is_gone_is_no_all_clear(system: Scope, card_of_lan: Card) -> None:
    key = IssuerKey.objects.get()
    key_path(key.kid, bytes(key.public_key)).unlink()
    run = check_ledger(system)
    assert run.resigned_count == 0
    assert list(run.findings.values_list("kind", "count", "kid")) == [("key_file_missing", 1, key.kid)]
    retire_key(system, key.kid)
    assert kinds(system) == set(), "nothing that a retired key signed is believed: its file may go"


def alter_the_file(path: Path, batch: PrintBatch) -> None:
    path.write_bytes(path.read_bytes() + b"%")


def take_the_file(path: Path, batch: PrintBatch) -> None:
    path.unlink()


def lose_a_sheet(path: Path, batch: PrintBatch) -> None:
    CardPrint.objects.filter(batch=batch).update(sheet=None)


def print_once_more(path: Path, batch: PrintBatch) -> None:
    second = PrintBatch.objects.create(division=batch.division, form=batch.form, created_at=now())
    CardPrint.objects.create(batch=second, card=CardPrint.objects.get(batch=batch).card, position=0)


@pytest.mark.parametrize(
    ("plant", "kind"),
    [
        (alter_the_file, "print_file_altered"),
        (take_the_file, "print_file_missing"),
        (lose_a_sheet, "sheets_differ"),
        (print_once_more, "in_two_jobs"),
    ],
)
def test_each_fault_planted_in_a_print_is_found(
    system: Scope, card_of_lan: Card, lan: Resident, plant: Callable[[Path, PrintBatch], None], kind: str
) -> None:
    batch = print_batch(system, lan.division_id, Form.PAPER)
    draw_batch(system, order_cards(system, [card_of_lan.pk]).pk)
    assert kinds(system) == set(), "a card printed again at the desk is no fault"
    plant(prints_dir() / batch.parts.get().file_name, batch)
    assert kinds(system) == {kind}
    assert kind in FINDING_LABELS


def test_a_token_of_a_phone_is_made_again_too(system: Scope, issuer_key: IssuerKey, lan: Resident) -> None:
    phone = ec.derive_private_key(7, ec.SECP256R1()).public_key()
    bind_card(system, lan.pk, phone.public_bytes(Encoding.X962, PublicFormat.CompressedPoint))
    run = check_ledger(system)
    assert (run.finding_count, run.resigned_count) == (0, 2)
    Binding.objects.update(token_sha256=b"z" * 32)
    assert kinds(system) == {"bound_not_this_key"}


def test_the_alarm_stands_on_the_administrators_pages_and_on_no_others(
    system: Scope, card_of_lan: Card, hanh: StaffAccount, binh: StaffAccount
) -> None:
    def shown(account: StaffAccount, page: str) -> bool:
        client = Client()
        client.force_login(account)
        return (
            reverse("cards:ledger")
            in client.get(page, headers={"accept-language": "en"}).content.decode().split('role="alert"')[-1]
            and b'role="alert"' in client.get(page).content
        )

    find = reverse("cards:find")
    check_cards_and_ledger(0)
    assert not shown(hanh, find)
    sign_a_ghost(card_of_lan)
    check_cards_and_ledger(0)
    assert shown(hanh, find)
    assert not shown(binh, find)
    client = Client()
    client.force_login(hanh)
    page = client.get(reverse("cards:ledger")).content.decode()
    assert str(FINDING_LABELS["signed_no_card"]) in page
    assert Entry.objects.filter(action="cards:ledger:check").latest("pk").detail["findings"] == [["signed_no_card", 1]]
    client.force_login(binh)
    assert client.get(reverse("cards:ledger")).status_code == 403


def test_old_runs_go(system: Scope, card_of_lan: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "KEPT_RUNS", 2)
    for _ in range(3):
        check_ledger(system)
    assert LedgerCheck.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM ledger_finding")
        assert cursor.fetchone() == (0,)
