"""Pictures for the README from a running demo town: `python tools/pictures.py http://127.0.0.1:8000 hanh PASSWORD`."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


def main() -> None:
    url, name, password = sys.argv[1:]
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        sign_in(page, url, name, password)
        page.goto(f"{url}/coverage/?era=2021-07-01")
        page.get_by_role("link", name="Thị xã Hương Trà").click()
        page.screenshot(path=FOLDER / "coverage.png")
        page.goto(f"{url}/traces/1/")
        page.screenshot(path=FOLDER / "trace.png")
        page.get_by_role("row").nth(1).get_by_role("link").click()
        page.screenshot(path=FOLDER / "contact.png")
        resident(page, url)
        page.screenshot(path=FOLDER / "resident.png")
        browser.close()


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    page.goto(url)
    page.fill("input[name=login]", name)
    page.fill("input[name=password]", password)
    page.locator("main button").click()


def resident(page: Page, url: str) -> None:
    """Opens somebody's page for the sake of a card: a purpose has to be said."""
    page.goto(f"{url}/residents/1/")
    page.locator("main select[name=purpose], main input[name=purpose]").first.wait_for()
    chooser = page.locator("main select[name=purpose]")
    if chooser.count():
        chooser.select_option("card_service")
    else:
        page.locator("main input[name=purpose][value=card_service]").check()
    page.locator("main button").first.click()


if __name__ == "__main__":
    main()
