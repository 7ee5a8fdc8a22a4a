"""A browser and a gateway for all tests of one file, and the scanner opened in them: fixtures to be imported."""

import shutil
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright
from tests.gateway import scanner
from tests.gateway.devices import GatewayProcess, gateway
from tests.gateway.town import Town, clear

__all__ = ["chromium", "context", "door", "page", "playwright", "served"]
ROOT = ec.derive_private_key(99, ec.SECP256R1())
PHONE = {"width": 360, "height": 740}
TAKE = """async ([text, how]) => {
  const {take} = await import("/scanner/scanning.js");
  return (await take(text, how))?.result ?? null;
}"""


@pytest.fixture(scope="module")
def playwright(town_url: str) -> Iterator[Playwright]:
    """After the database is set up: Django is not to be asked in a thread where an event loop runs."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    with playwright.chromium.launch(executable_path=shutil.which("chromium"), args=scanner.FLAGS) as browser:
        yield browser


@pytest.fixture(scope="module")
def served(town_url: str) -> Iterator[GatewayProcess]:
    """A gateway that starts in an empty town: what the tests of another file left published it would never unlearn."""
    with Town.at(town_url) as town:
        clear(town)
    with gateway(town_url) as process:
        yield process


@pytest.fixture
def door(town: Town, served: GatewayProcess) -> GatewayProcess:
    """The gateway, when it has heard of the town's devices and lists."""
    scanner.publish(town, ROOT)
    scanner.wait_until_known(served.port)
    return served


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport=PHONE)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, door: GatewayProcess) -> Page:
    return scanner.opened(context, door.port)


def until_stored(town: Town, count: int, seconds: float = 20) -> list[tuple[Any, ...]]:
    deadline = time.monotonic() + seconds
    while len(visits := town.visits()) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return visits


def shown(page: Page) -> str:
    return page.locator(".lane").first.get_attribute("data-result") or ""
