"""The coverage pages of province, commune and group in a real Chromium: the map, the line of days, the table."""

import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.conftest import commune, staff
from tests.coverage.conftest import START, card_of, person
from tests.looking import looked_at

from ksdb.core.scope import Role, system_scope
from ksdb.coverage.actions import refresh
from ksdb.places.models import Division

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture
def group(clean_registry: None) -> Division:
    """The group of Hương Vân: two of three with an active card."""
    ward = commune("Phường Hương Vân")
    card_of(person(ward), at=START)
    card_of(person(ward), at=START + timedelta(days=9))
    home = person(ward).division
    refresh(system_scope())
    return home


@pytest.fixture
def page(live_server: Any, group: Division) -> Iterator[Any]:
    """The province's browser; errors of policy and script are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    client = Client()
    client.force_login(staff("hanh", "Trần Thị Hạnh", Role.ADMINISTRATOR, Division.objects.filter(kind="province")[0]))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(base_url=live_server.url, locale="vi-VN")
        page.context.add_cookies([cookie])
        errors: list[str] = []
        page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


def test_from_the_province_by_map_and_table_down_to_the_group(page: Any, group: Division) -> None:
    page.goto("/coverage/?era=2021-07-01")
    looked_at(page, "coverage-province")
    assert page.locator(".coverage-map__paper a").count() == 141
    page.goto("/coverage/?era=2021-07-01&by=communes&sort=share")
    looked_at(page, "coverage-communes")
    page.get_by_role("rowheader").get_by_role("link", name="Phường Hương Vân").click()
    page.locator("h1", has_text="Phường Hương Vân").wait_for()
    looked_at(page, "coverage-commune")
    assert page.locator(".trend__marks li").all_inner_texts() == ["4", "3", "2", "1", "0"]
    page.get_by_role("link", name=group.name).click()
    page.locator("h1", has_text=group.name).wait_for()
    looked_at(page, "coverage-group")
    page.get_by_role("link", name="Danh sách, tất cả").click()
    page.locator(".basis strong", has_text="Danh sách, tất cả").wait_for()
