"""A chain of 5,000 cases in Chromium: `python -m bench.chains`.

Reported cases of invented people, each infected by one of those before, in the database of `bench.people`. Says how
long the rows take on the server, its whole answer, and how long it is from the click to the drawing.
"""

import argparse
import random
import shutil
import statistics
import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from bench.limits import against
from bench.people import RESIDENTS, people_database
from bench.tracing_page import FLAGS, served, session

CASES = 5_000
ROUNDS = 7
LAYOUT_MS = 50
SCREEN_S = 2.0
FIRST_ON = date(2026, 9, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    asked = parser.parse_args()
    cases = asked.cases
    people_database(asked.residents)
    last = _report(cases)
    layout, size = _layout(cases)
    print(f"a chain of {cases:,} cases, {size / 1000:,.0f} kB of numbers, median of {ROUNDS}")
    against("rows and columns, on the server", f"{layout:.0f} ms", f"{LAYOUT_MS} ms", holds=layout <= LAYOUT_MS)
    cookie = session()
    with served() as address:
        rows = list(_pages(address, cookie, last, cases))
    screen, answer, frame = (statistics.median(column) for column in zip(*rows, strict=True))
    against("from the click to the drawing", f"{screen:.2f} s", f"{SCREEN_S:.0f} s", holds=screen <= SCREEN_S)
    print(f"  {'of it the answer with the numbers':<44}{answer:>13.2f} s")
    print(f"  {'one frame, when it is moved':<44}{frame:>12.1f} ms")


def _report(cases: int) -> int:
    """Reports the cases; the number of the last one."""
    from ksdb.core.scope import system_scope
    from ksdb.places.queries import province
    from ksdb.tracing.actions import load_profiles
    from ksdb.tracing.actions.reporting import report_cases
    from ksdb.tracing.linelist import ReadLine
    from ksdb.tracing.models import ReportedCase

    load_profiles(system_scope())
    ReportedCase.objects.all().delete()
    pick = random.Random(11)
    lines = []
    for number in range(cases):
        infector = f"B-{number - pick.randint(1, min(number, 300))}" if number else ""
        fell_ill = FIRST_ON + timedelta(days=number // 90)
        lines.append(ReadLine(f"B-{number}", fell_ill, fell_ill, None, None, "", "", infector))
    where = province(system_scope()).pk
    report_cases(system_scope(), where, "covid-19", lines)
    return ReportedCase.objects.get(label=f"B-{cases - 1}").pk


def _layout(cases: int) -> tuple[float, int]:
    """Milliseconds from the chain to the numbers that are drawn, and how many bytes these are."""
    import msgspec

    from ksdb.core.scope import system_scope
    from ksdb.followup.drawing import drawing_of
    from ksdb.followup.queries.chains import chains_in

    (chain,), _ = chains_in(system_scope())
    assert chain.size == cases
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        drawn = drawing_of([chain])
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times), len(msgspec.json.encode(drawn))


def _pages(address: str, cookie: str, report_id: int, cases: int) -> Iterator[tuple[float, float, float]]:
    """Of each opening: seconds to the drawing, seconds of the answer with the numbers, milliseconds of a frame."""
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(locale="vi-VN").new_page()
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])
        for _ in range(ROUNDS):
            yield _page(page, f"{address}/chains/reported/{report_id}/", cases)
        browser.close()


def _page(page: Any, path: str, cases: int) -> tuple[float, float, float]:
    page.goto(path)
    started = time.perf_counter()
    page.locator("a[href='?all=1']").first.click()
    page.locator(f"[data-drawn='{cases}']").wait_for()
    took = time.perf_counter() - started
    asked = "performance.getEntriesByType('resource').find(one => one.name.includes('graph.json')).duration"
    frame = float(page.locator("[data-frame]").get_attribute("data-frame"))
    return took, page.evaluate(asked) / 1000, frame


if __name__ == "__main__":
    main()
