"""Pages that are drawn once for everybody: each browser has its own token in them, and nothing of anybody else."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of
from tests.wallet.conftest import NUMBER, keeps, phone_of, with_papers

from ksdb.core.scope import Scope
from ksdb.notices.queries import reach_of
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.wallet.models import Holder
from ksdb.wallet.queries import is_known_elsewhere, on_behalf
from ksdb.wallet.shells import PLACE, _drawn

PAGES = ("wallet:begin", "wallet:code", "wallet:card")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


@pytest.mark.parametrize("page", PAGES)
def test_each_browser_has_a_token_of_its_own_that_its_forms_are_taken_with(db: None, page: str) -> None:
    tokens = set()
    for browser in (Client(enforce_csrf_checks=True), Client(enforce_csrf_checks=True)):
        text = browser.get(reverse(page)).content.decode()
        assert PLACE not in text
        (token,) = set(TOKEN.findall(text))
        sent = {"csrfmiddlewaretoken": token, "language": "en", "next": reverse(page)}
        assert browser.post(reverse("wallet:look"), sent).status_code == 302
        assert '<html lang="en"' in browser.get(reverse(page)).content.decode()
        tokens.add(token)
    assert len(tokens) == 2
    other = Client(enforce_csrf_checks=True)
    other.get(reverse(page))
    assert other.post(reverse("wallet:look"), sent).status_code == 403


def test_looks_and_languages_are_not_mixed_up(db: None) -> None:
    plain, large = Client(), Client()
    large.post(reverse("wallet:look"), {"switch": "large", "next": reverse("wallet:begin")})
    for _ in range(2):
        assert ["is-large" in one.get(reverse("wallet:begin")).content.decode() for one in (plain, large)] == [0, 1]


def test_whoever_has_a_card_is_not_offered_his_own_again(phone: Client, commune_a: Division) -> None:
    nobody = phone_of("0905999999")
    offered = [one.get(reverse("wallet:add")).content.decode().count('value="self"') for one in (phone, nobody, phone)]
    assert offered == [0, 1, 0]


def test_a_message_is_shown_once_and_kept_in_no_page(phone: Client) -> None:
    claim = {"relation": "child", "full_name": "Trần Minh Không", "birth": "5/3/2015", "commune": "Phường Hương Trà"}
    said = "Your ward looks at it"
    phone.cookies["django_language"] = "en"
    assert phone.post(reverse("wallet:add"), claim).status_code == 302
    pages = [phone.get(reverse("wallet:add")).content.decode() for _ in range(2)]
    assert [said in page for page in pages] == [True, False]
    assert not any(said in page for page in _drawn.values())


@pytest.mark.parametrize("kept_by", ["nobody else", "another", "his own number", "another number", "a guardian"])
def test_somebody_else_is_looked_for_wherever_there_may_be_one(
    lan: Resident, commune_a: Division, kept_by: str
) -> None:
    holder = keeps(phone_of(), lan).holder
    guardian = with_papers(resident_of(commune_a, "Trần Thị Mẹ"), "0905777777", "046156770099")
    if kept_by == "another":
        keeps(phone_of("0905888888"), lan, "parent")
    elif kept_by == "his own number":
        with_papers(lan, NUMBER)
    elif kept_by == "another number":
        with_papers(lan, "0905666666")
    elif kept_by == "a guardian":
        Resident.objects.filter(pk=lan.pk).update(guardian=guardian)
    others = reach_of(on_behalf(Scope(None)), lan.pk).phones - {NUMBER}
    assert bool(others) == (kept_by in {"another", "another number", "a guardian"})
    assert is_known_elsewhere(Scope(None), Holder.objects.get(pk=holder.pk), lan.pk) == bool(others)
