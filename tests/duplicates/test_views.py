"""The queue and its pairs as an officer works through them, by requests and in a browser."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import PASSWORD, commune, resident_of, staff
from tests.duplicates.conftest import born, card_of
from tests.looking import looked_at

from ksdb.access.models import StaffAccount
from ksdb.core.scope import Role, system_scope
from ksdb.duplicates.actions import search_pairs
from ksdb.duplicates.models import Pair
from ksdb.registry.models import Resident

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture
def desk(client: Client, binh: StaffAccount) -> Client:
    client.force_login(binh)
    return client


def text(client: Client, name: str, *arguments: int, **asked: str) -> str:
    return client.get(reverse(name, args=arguments), asked).content.decode()


@pytest.mark.django_db
def test_the_queue_explains_each_pair(desk: Client, pair: Pair) -> None:
    page = text(desk, "duplicates:queue")
    assert "Nguyễn Thị Lan" in page
    assert "Nguyen Thi Lan" in page
    assert reverse("duplicates:pair", args=[pair.pk]) in page


@pytest.mark.django_db
def test_merging_asks_which_and_to_confirm(desk: Client, pair: Pair) -> None:
    url = reverse("duplicates:merge", args=[pair.pk])
    for sent in ({}, {"survivor": pair.first_id}, {"confirmed": "on"}, {"survivor": 10**9, "confirmed": "on"}):
        answer = desk.post(url, sent)
        assert answer.status_code == 422
        assert "govuk-error-message" in answer.content.decode()
    pair.refresh_from_db()
    assert pair.status == "waiting"


@pytest.mark.django_db
def test_a_merged_record_leads_to_the_one_that_counts(desk: Client, pair: Pair) -> None:
    sent = {"survivor": pair.first_id, "confirmed": "on"}
    done = desk.post(reverse("duplicates:merge", args=[pair.pk]), sent, follow=True)
    assert done.redirect_chain == [(reverse("duplicates:pair", args=[pair.pk]), 302)]
    old = reverse("registry:resident", args=[pair.second_id])
    counting = reverse("registry:resident", args=[pair.first_id])
    assert desk.get(old, {"purpose": "correction"}).headers["Location"] == f"{counting}?purpose=correction"
    assert str(pair.second_id) in desk.get(counting, {"purpose": "correction"}).content.decode()
    again = desk.post(reverse("duplicates:differ", args=[pair.pk]), follow=True).content.decode()
    assert 'role="alert"' in again
    desk.post(reverse("duplicates:undo", args=[pair.pk]))
    assert desk.get(old, {"purpose": "correction"}).status_code == 200


@pytest.mark.django_db
def test_nothing_waits(desk: Client) -> None:
    for status in ("waiting", "merged", "different", "no such status"):
        assert 'class="empty"' in text(desk, "duplicates:queue", status=status)


# In a browser


@pytest.fixture
def registered_twice(clean_registry: None) -> tuple[Resident, Resident]:
    ward = commune("Phường Hương Vân")
    staff("binh", "Lê Văn Bình", Role.WARD_OFFICER, ward)
    lans = born(resident_of(ward, "Nguyễn Thị Lan")), born(resident_of(ward, "Nguyen Thi Lan"))
    for index, one in enumerate(lans, 1):
        card_of(one, index)
    for other in ("Trần Văn Hòa", "Trần Văn Hoà"):
        born(resident_of(ward, other))
    search_pairs(system_scope(), is_whole=True)
    return lans


@pytest.fixture
def page(live_server: Any, registered_twice: Any, settings: Any) -> Iterator[Any]:
    """A browser at the desk, signed in; errors of policy and script are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    client = Client()
    client.login(username="binh", password=PASSWORD)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(base_url=live_server.url, locale="vi-VN")
        page.context.add_cookies([cookie])
        errors: list[str] = []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_officer_works_through_the_queue(page: Any, registered_twice: tuple[Resident, Resident]) -> None:
    lan, _ = registered_twice
    page.goto("/duplicates/")
    assert page.locator("tbody tr").count() == 2
    looked_at(page, "queue")
    page.locator("tbody tr", has_text="Nguyen Thi Lan").get_by_role("link").click()
    looked_at(page, "pair")
    page.locator(f'input[name="survivor"][value="{lan.pk}"]').check()
    page.locator('input[name="confirmed"]').check()
    page.locator('form[action$="/merge/"] button').click()
    assert page.locator('form[action$="/undo/"]').count() == 1
    looked_at(page, "merged")
    page.locator('form[action$="/undo/"] button').click()
    page.locator('form[action$="/differ/"] button').click()
    assert page.locator('form[action$="/undo/"]').count() == 1
    page.goto("/duplicates/")
    assert page.locator("tbody tr").count() == 1
    assert page.locator("tbody").inner_text().count("Lan") == 0
    page.goto("/duplicates/?status=different")
    assert page.locator("tbody tr", has_text="Nguyen Thi Lan").count() == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_search_for_residents_in_a_browser(page: Any, registered_twice: tuple[Resident, Resident]) -> None:
    page.goto("/residents/")
    page.locator("#id_name").fill("lan nguyễn 1956")
    page.locator("#id_purpose").select_option("card_service")
    page.locator("form .govuk-button").first.click()
    assert page.locator("tbody tr").count() == 2
    looked_at(page, "search")
