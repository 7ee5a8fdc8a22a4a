"""How a page is looked at in a browser: nothing is wider than the screen, axe finds nothing wrong, keys are enough."""

import os
from functools import cache
from importlib.resources import files
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
    page.wait_for_load_state("load")  # a page without its styles is wider
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        out = page.evaluate(TOO_WIDE)
        assert out == [], (name, width, out)
        assert violations(page) == [], (name, width)
        if folder := os.environ.get("KSDB_SHOTS"):
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


FAULTS = "tags => axe.run({runOnly: tags, resultTypes: ['violations']}).then(found => found.violations)"
"""All rules are applied; of what is right axe then describes one place and not all, which took the most time."""


def violations(page: Any) -> list[dict[str, Any]]:
    """What axe finds wrong in the page as it stands."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(FAULTS, TAGS)
    return found


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


STOPS = """() => {
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute("tabindex");
    const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const shown = [...document.querySelectorAll(kinds)]
        .filter(one => !one.disabled && one.checkVisibility({visibilityProperty: true}));
    const ofGroup = one => shown.filter(other => other.type === "radio" && other.name === one.name);
    const chosen = group => group.find(each => each.checked) ?? group[0];
    window.stops = shown.filter(one => one.type !== "radio" || one === chosen(ofGroup(one)));
    const parts = ["outlineStyle", "outlineWidth", "boxShadow", "backgroundColor", "borderColor", "borderWidth"];
    const drawn = one => [one, one.parentElement, ...(one.labels ?? [])]
        .flatMap(each => [null, "::before", "::after"].map(part => getComputedStyle(each, part)))
        .map(style => parts.map(part => style[part]).join())
        .join();
    const resting = stops.map(drawn);
    const isOnTop = one => {
        const {left, top, width, height} = one.getBoundingClientRect();
        const hit = document.elementFromPoint(left + Math.min(width, 40) / 2, top + height / 2);
        return [one, ...(one.labels ?? [])].some(each => each.contains(hit) || hit?.contains(each));
    };
    window.focused = () => new Promise(requestAnimationFrame).then(() => {
        const one = document.activeElement, at = stops.indexOf(one);
        return [at, at >= 0 && drawn(one) !== resting[at], at >= 0 && isOnTop(one), one.outerHTML.slice(0, 90)];
    });
    return stops.length;
}"""
"""Whatever can be acted on, in the order of the page; what is drawn of each; and what has the focus."""


def walked_by_keys(page: Any, name: str) -> None:
    """At phone size, and in letters twice as large: Tab comes to all in the order of the page, and one sees where."""
    page.set_viewport_size({"width": 360, "height": 740})
    for index in range(page.evaluate(STOPS)):
        page.keyboard.press("Tab")
        at, is_seen, is_on_top, what = page.evaluate("window.focused()")
        assert (at, is_seen, is_on_top) == (index, True, True), (name, what, at, is_seen, is_on_top)
    page.evaluate("document.activeElement.blur(); document.documentElement.style.fontSize = '200%'")
    out = page.evaluate(TOO_WIDE)
    if folder := os.environ.get("KSDB_SHOTS"):
        page.screenshot(path=Path(folder) / f"{name}-twice.png", full_page=True)
    assert out == [], (name, out)
    page.evaluate("document.documentElement.style.fontSize = ''")
