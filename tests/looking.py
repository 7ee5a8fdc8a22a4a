"""How a page is looked at in a browser: nothing is wider than the screen, and axe finds nothing wrong."""

import os
from pathlib import Path
from typing import Any

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WIDTHS = (320, 1280)


TOO_WIDE = """() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    return [...document.querySelectorAll("body *")].filter(one => one.getBoundingClientRect().right > room + 0.5)
        .map(one => `${one.tagName} .${one.className}: ${one.textContent.trim().slice(0, 40)}`).slice(-6);
}"""
"""What stands out of the page on the right, innermost last."""


def looked_at(page: Any, name: str) -> None:
    """On the narrowest phone and on a desk. KSDB_SHOTS names a folder to leave pictures in."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_load_state("load")  # a page without its styles is wider
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        out = page.evaluate(TOO_WIDE)
        assert out == [], (name, width, out)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
        assert found.response["violations"] == [], (name, width)
        if folder := os.environ.get("KSDB_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)
