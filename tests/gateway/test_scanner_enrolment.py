"""From the owner's page to the first scan: the picture on the page is held before the camera of a fresh device."""

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Playwright, sync_playwright
from tests.gateway import scanner
from tests.gateway.browsing import PHONE, ROOT, TAKE, until_stored
from tests.gateway.devices import gateway
from tests.gateway.town import LAN, MARKET, Town, token_of

from ksdb.access.models import StaffAccount
from ksdb.cards.keys import pin_root
from ksdb.config import make_secrets, settings
from ksdb.core.ids import card_number
from ksdb.core.trust_list import point_of, root_id
from ksdb.places.models import ScanPoint

pytestmark = pytest.mark.browser
OTHER_CODE = card_number(1_234_567_890)
PINNED = """async () => (await (await import("/scanner/vault.js")).enrolment()).root"""


@pytest.fixture
def pinned_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """This machine, its pages and its gateway, knows the root; how it is named."""
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path / "var"))
    settings.cache_clear()
    make_secrets(tmp_path / "var")
    pin_root(ROOT.public_key())
    yield root_id(ROOT.public_key()).hex()
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def owners_page(pinned_root: str, client: Client, hanh: StaffAccount, market_a: ScanPoint) -> str:
    client.force_login(hanh)
    page = client.post(reverse("visits:code", args=[market_a.pk])).content.decode()
    assert " ".join(re.findall("....", pinned_root)) in page
    return page


def open_code(town: Town, code: str) -> None:
    town.rows(
        "INSERT INTO enrol_code (point_id, code_sha256, made_at, expires_at)"
        " VALUES (%s, %s, now(), now() + interval '1 day')",
        MARKET,
        hashlib.sha256(code.encode()).digest(),
    )


def held_before_the_camera(playwright: Playwright, image: str, folder: Path) -> str:
    """The page's picture as a browser draws it, as a film; the flag that plays it."""
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=scanner.FLAGS) as browser:
        page = browser.new_page()
        page.set_content(f'<img src="{image}" width="520" height="520">')
        page.locator("img").screenshot(path=folder / "code.png")
    frame = np.full((720, 1280, 3), 110, np.uint8)
    frame[100:620, 380:900] = cv2.imread(str(folder / "code.png"))[:520, :520]
    scanner.film(folder / "code.mjpeg", [frame])
    return f"--use-file-for-fake-video-capture={folder / 'code.mjpeg'}"


def test_the_picture_on_the_owners_page_lets_a_device_in_and_names_the_root(
    owners_page: str, pinned_root: str, town: Town, tmp_path: Path
) -> None:
    image = re.search(r'src="(data:image/svg[^"]+)"', owners_page)
    code = re.search(r'id="enrol-code">([\d ]+)<', owners_page)
    assert image
    assert code
    open_code(town, code[1].replace(" ", ""))
    open_code(town, OTHER_CODE)
    scanner.publish(town, ROOT)
    with sync_playwright() as playwright, gateway(town.url) as served:
        flag = held_before_the_camera(playwright, image[1], tmp_path)
        with scanner.browser(playwright, tmp_path / "profile", flag, viewport=PHONE) as context:
            page = context.new_page()
            address = f"http://localhost:{served.port}/scanner/"
            page.goto(f"{address}#code={OTHER_CODE}&root={'0' * 16}")
            page.locator("#enrol-form button.main").click()
            page.locator("#enrol-fault", has_text="Khoá gốc của máy chủ khác").wait_for()
            assert scanner.queue_of(page) == []
            page.reload()
            page.locator("#enrol-camera").click()
            page.locator(scanner.SCANNING).wait_for()
            assert page.evaluate(PINNED) == point_of(ROOT.public_key()).hex()
            assert page.evaluate(TAKE, [token_of(LAN), "reader"]) == "accepted"
            page.locator("#menu-open").click()
            assert pinned_root == (page.locator("#root").text_content() or "").split(":")[1].replace(" ", "")
    assert [row[2] for row in until_stored(town, 1)] == [LAN]
