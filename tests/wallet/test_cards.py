"""Bringing a card to a phone, taking it over, losing it, ordering one, activating one; and the page that shows it."""

import gzip
import hashlib
import json
import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.staticfiles import finders
from django.test import Client
from django.urls import reverse
from tests.attacks.asking import signed_in
from tests.wallet.conftest import NUMBER, phone_of

import ksdb.wallet
from ksdb.access.models import StaffAccount
from ksdb.cards.actions import issue_cards, make_issuer_key
from ksdb.cards.actions.binding import forget_bindings
from ksdb.cards.actions.reconciling import check_ledger
from ksdb.cards.life import ENDING, FOLLOWED, REASONS, Reason
from ksdb.cards.models import Binding, Card
from ksdb.cards.queries import trust_list
from ksdb.cards.queries.printing import print_counts
from ksdb.config import make_secrets, settings
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.electronic import Shown, check_code, show_code
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.registry.models import Resident
from ksdb.wallet.models import Phone

STATIC = Path(ksdb.wallet.__file__).parent / "static" / "wallet"
MOST_BYTES = 150_000


@pytest.fixture(autouse=True)
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: Scope, db: None) -> Iterator[None]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    make_issuer_key(system)
    yield
    monkeypatch.undo()
    settings.cache_clear()


class Key:
    """A phone's key, and what the phone sends with it."""

    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())

    def ask(self, resident: Resident, *, at: int | None = None, **more: Any) -> dict[str, Any]:
        second = int(time.time()) if at is None else at
        said = f"ksdb bind {resident.pk} {second}".encode()
        r, s = decode_dss_signature(self.private.sign(said, ec.ECDSA(SHA256())))
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return {
            "resident": resident.pk,
            "point": point.hex(),
            "at": second,
            "signature": signature.hex(),
            "takes_over": False,
        } | more


def bound(client: Client, asked: dict[str, Any]) -> Any:
    return client.post(reverse("wallet:bind"), asked, content_type="application/json")


def place(client: Client) -> list[str]:
    return [one["place"] for one in client.get(reverse("wallet:state")).json()["members"]]


def test_a_card_comes_active_and_its_code_is_believed(phone: Client, lan: Resident, system: Scope) -> None:
    key = Key()
    answer = bound(phone, key.ask(lan)).json()
    card = Card.objects.get()
    assert (card.number, card.status, card.form) == (answer["number"], CardStatus.ACTIVE, Form.ELECTRONIC)
    assert 13 * 86400 < answer["expires_at"] - time.time() <= 14 * 86400
    code = show_code(bytes.fromhex(answer["token"]), int(time.time()), key.private)
    shown = check_code(code, trust_list(system), now())
    assert isinstance(shown, Shown)
    assert shown.claims.card_index == card.pk
    again = bound(phone, key.ask(lan)).json()
    assert (Card.objects.count(), Binding.objects.count(), again["number"]) == (1, 2, answer["number"])
    assert place(phone) == ["here"]
    assert forget_bindings(system) == 0


def test_a_token_bound_by_a_strange_key_is_an_alarm(phone: Client, lan: Resident, system: Scope) -> None:
    bound(phone, Key().ask(lan))
    assert check_ledger(system).finding_count == 0
    Binding.objects.update(kid=99)
    assert list(check_ledger(system).findings.values_list("kind", "kid")) == [("bound_key_not_valid", 99)]


def test_a_stolen_cookie_brings_no_card_anywhere(phone: Client, lan: Resident) -> None:
    """The session is bound to the first key it showed; without the key's signature nothing is asked at all."""
    bound(phone, Key().ask(lan))
    refused = [bound(phone, Key().ask(lan, takes_over=takes_over)) for takes_over in (False, True)]
    assert [answer.json()["code"] for answer in refused] == ["other_device_key"] * 2
    assert Binding.objects.count() == 1


@pytest.mark.parametrize(
    "wrong",
    [{"signature": "00" * 64}, {"signature": "00"}, {"point": "04"}, {"point": "zz"}, {"at": 1}, {"resident": "x"}],
    ids=str,
)
def test_what_does_not_prove_the_key_is_refused(phone: Client, lan: Resident, wrong: dict[str, Any]) -> None:
    assert bound(phone, Key().ask(lan) | wrong).status_code == 422
    assert bound(phone, Key().ask(lan, at=int(time.time()) - 900)).status_code == 422
    assert not Card.objects.exists()


def test_nobody_elses_card_is_brought(phone: Client, son: Resident) -> None:
    assert bound(phone, Key().ask(son)).status_code == 404


def test_the_second_phone_takes_over_and_the_first_is_revoked(phone: Client, lan: Resident) -> None:
    first, second = Key(), Key()
    bound(phone, first.ask(lan))
    old = Card.objects.get()
    other = phone_of()
    answer = bound(other, second.ask(lan))
    assert (answer.status_code, answer.json()["code"]) == (409, "on_another_phone")
    assert bound(other, second.ask(lan, takes_over=True)).status_code == 200
    new = Card.objects.get(replaces=old)
    old.refresh_from_db()
    assert (old.status, old.reason, new.status) == (CardStatus.REVOKED, "other_phone", CardStatus.ACTIVE)
    assert old.number != new.number
    assert (place(phone), place(other)) == (["elsewhere"], ["here"])
    assert bound(phone, first.ask(lan)).json()["code"] == "on_another_phone"


def test_taking_over_has_an_end(phone: Client, lan: Resident) -> None:
    phones = [(phone, Key()), (phone_of(), Key())]
    answers = [bound(*(client, key.ask(lan, takes_over=True))).status_code for client, key in phones * 3]
    assert answers == [200] * 5 + [429]


def test_a_lost_card_is_blocked_at_once_and_found_again(phone: Client, lan: Resident) -> None:
    key = Key()
    bound(phone, key.ask(lan))
    card = Card.objects.get()
    phone.post(reverse("wallet:lost"), {"card": card.pk})
    card.refresh_from_db()
    assert (card.status, card.reason) == (CardStatus.SUSPENDED, "lost")
    assert phone.get(reverse("wallet:state")).json()["members"][0]["is_blocked"]
    assert bound(phone, key.ask(lan)).status_code == 409
    phone.post(reverse("wallet:found"), {"card": card.pk})
    card.refresh_from_db()
    assert card.status == CardStatus.ACTIVE


def test_a_card_that_an_officer_blocked_stays_so(phone: Client, lan: Resident) -> None:
    bound(phone, Key().ask(lan))
    Card.objects.update(status=CardStatus.SUSPENDED, reason="moved_away")
    phone.post(reverse("wallet:found"), {"card": Card.objects.get().pk})
    assert Card.objects.get().status == CardStatus.SUSPENDED


@pytest.mark.parametrize("reason", [*REASONS[CardStatus.REVOKED], *sorted(FOLLOWED)])
def test_only_the_ward_makes_a_new_card_after_it_has_ended_one(
    phone: Client, lan: Resident, system: Scope, reason: Reason
) -> None:
    """A stolen phone would else fetch itself the card that was just taken from it."""
    key = Key()
    bound(phone, key.ask(lan))
    Card.objects.update(status=CardStatus.REVOKED, reason=reason)
    answer = bound(phone, key.ask(lan))
    if reason in FOLLOWED:
        assert (answer.status_code, Card.objects.count()) == (200, 2)
        return
    told = "holder_gone" if reason in ENDING else "ended_by_ward"
    assert (answer.status_code, answer.json()["code"], Card.objects.count()) == (409, told, 1)
    phone.post(reverse("wallet:order"), {"form": "paper"})
    assert Card.objects.filter(form=Form.PAPER).exists() is (reason not in ENDING)
    issue_cards(system, [lan.pk], Form.ELECTRONIC)
    assert bound(phone, key.ask(lan)).status_code == 200, "the desk has given the person a new one"


def test_an_ordered_card_waits_for_the_wards_printer(phone: Client, lan: Resident, system: Scope) -> None:
    for _ in range(2):
        phone.post(reverse("wallet:order"), {"form": "paper"})
    assert print_counts(system, lan.division_id, Form.PAPER).ready == 1
    text = phone.get(reverse("wallet:cards")).content.decode()
    assert 'value="paper"' not in text
    assert 'value="plastic"' in text


def test_a_paper_card_is_activated_by_its_number_or_its_picture(
    family_phone: Client, lan: Resident, son: Resident, system: Scope
) -> None:
    mine, sons = issue_cards(system, [lan.pk, son.pk], Form.PAPER)
    for number, status in (("1234", 1), (sons.number, 1), (mine.number, 2)):
        family_phone.post(reverse("wallet:activate_number"), {"number": number})
        assert Card.objects.get(pk=mine.index).status == status
    assert Card.objects.get(pk=sons.index).status == CardStatus.ISSUED
    family_phone.post(reverse("wallet:choose"), {"resident": son.pk})
    picture = np.asarray(zxingcpp.create_barcode(sons.token, zxingcpp.BarcodeFormat.QRCode).to_image(scale=6))
    grey = np.pad(np.squeeze(picture), 40, constant_values=255).astype(np.uint8)
    for light, expected in ((b"\0" * 40_000, 422), (grey.tobytes()[:-1], 422), (grey.tobytes(), 200)):
        width = 200 if expected == 422 and len(light) == 40_000 else grey.shape[1]
        headers = {"X-Width": str(width)}
        path = reverse("wallet:activate_picture")
        answer = family_phone.post(path, light, content_type="application/octet-stream", headers=headers)
        assert answer.status_code == expected
    assert Card.objects.get(pk=sons.index).status == CardStatus.ACTIVE


def test_another_households_cards_are_out_of_reach(phone: Client, son: Resident, system: Scope) -> None:
    (theirs,) = issue_cards(system, [son.pk], Form.PAPER)
    for name in ("lost", "found"):
        phone.post(reverse(f"wallet:{name}"), {"card": theirs.index})
    phone.post(reverse("wallet:activate_number"), {"number": theirs.number})
    assert Card.objects.get().status == CardStatus.ISSUED


# The page


def kept(client: Client) -> list[str]:
    worker = client.get(reverse("wallet:worker")).content.decode()
    found: list[str] = json.loads(re.search(r"KEPT = (\[.*\])", worker)[1])  # type: ignore[index]
    return [*found, reverse("wallet:worker")]


def test_everything_a_phone_loads_for_the_card_is_small(client: Client) -> None:
    sizes = {}
    for path in [*kept(client), "/static/wallet/icon-192.png"]:
        name = path.removeprefix("/static/")
        body = Path(str(finders.find(name))).read_bytes() if name != path else client.get(path).content
        sizes[path] = len(gzip.compress(body, 6))
    assert sum(sizes.values()) < MOST_BYTES / 3, sizes


def test_the_kept_page_is_the_same_for_everybody(phone: Client, client: Client, lan: Resident) -> None:
    def shell(who: Client) -> str:
        return re.sub(r'value="\w{64}"', "", who.get(reverse("wallet:card")).content.decode())

    assert shell(phone) == shell(client)
    assert lan.full_name not in shell(phone)


def test_what_the_page_imports_is_kept(client: Client) -> None:
    names = {path.removeprefix("/static/wallet/") for path in kept(client)}
    for name in sorted(names & {path.name for path in STATIC.glob("*.js")}):
        assert set(re.findall(r"from '\./([\w./-]+)'", (STATIC / name).read_text())) <= names


def test_vendored_files_are_the_listed_ones() -> None:
    listed = {file["path"]: file["sha256"] for file in tomllib.loads((STATIC / "vendor.lock").read_text())["file"]}
    found = {
        f"vendor/{one.name}": hashlib.sha256(one.read_bytes()).hexdigest() for one in (STATIC / "vendor").iterdir()
    }
    assert found == listed


# Codes to phones


def test_guessing_and_pumping_are_stopped_and_counted(demo: None, hanh: StaffAccount, binh: StaffAccount) -> None:
    guesser = Client(REMOTE_ADDR="198.51.100.9")
    guesser.post(reverse("wallet:begin"), {"phone": NUMBER})
    wrong = [guesser.post(reverse("wallet:code"), {"code": f"{n:06d}"}).status_code for n in range(7)]
    assert wrong == [422] * 7
    assert not Phone.objects.exists()
    pump = [
        Client(REMOTE_ADDR="203.0.113.5").post(reverse("wallet:begin"), {"phone": f"09120000{n:02d}"}).status_code
        for n in range(25)
    ]
    assert pump.count(302) == 20
    same = [
        Client(REMOTE_ADDR=f"192.0.2.{n}").post(reverse("wallet:begin"), {"phone": NUMBER}).status_code
        for n in range(4)
    ]
    assert same.count(302) == 2
    one_browser = Client(REMOTE_ADDR="192.0.3.1")
    several = [one_browser.post(reverse("wallet:begin"), {"phone": f"091300000{n}"}).status_code for n in range(4)]
    assert several.count(302) == 3
    page = signed_in(hanh).get(reverse("sms:codes"))
    row = page.context["hours"][0].counts
    assert row == {"sent": 26, "wrong": 5, "guessing": 2, "by_address": 5, "by_number": 2, "by_session": 1}
    assert signed_in(binh).get(reverse("sms:codes")).status_code == 403
