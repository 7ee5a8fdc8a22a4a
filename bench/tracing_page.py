"""From "Open and trace" to ranked contacts in Chromium: `python -m bench.tracing_page [--visits 5_000_000]`.

On the database of `bench.tracing`, to which so many people of an invented province are added once (some minutes), and
whose points are dealt out to its communes. One submit opens the case and traces it; what is measured ends when the page
has its list. Says too what the trace itself took of it.
"""

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import psycopg

from bench import tracing_alone as alone
from bench import tracing_data as data

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SEED = 20211101
DEAL_OUT = """
WITH commune AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n, count(*) OVER () AS of FROM division
                 WHERE kind = 'commune' AND valid_from = '2021-07-01')
UPDATE scan_point SET division_id = commune.id FROM commune WHERE commune.n = scan_point.id % commune.of
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=50_400_000)
    parser.add_argument("--cases", type=int, default=5)
    asked = parser.parse_args()
    # So that the session needs no second factor; nothing that is measured differs.
    os.environ |= {"KSDB_IS_DEMO": "1", "KSDB_SECOND_FACTOR": "0"}
    url = data.database(asked.visits)
    _people(url, data.residents_in(asked.visits))
    from ksdb.core.scope import system_scope
    from ksdb.tracing.actions import load_profiles
    from ksdb.tracing.models import CaseRecord
    from ksdb.tracing.presence.refreshing import refresh_files

    load_profiles(system_scope())
    CaseRecord.objects.all().delete()
    refresh_files()
    residents = alone.cases(alone.opened_index(), asked.visits, asked.cases + 1)
    cookie = session()
    with served() as address:
        rows = list(_pages(address, cookie, residents))[1:]
    took, server, traced, contacts = (statistics.median(column) for column in zip(*rows, strict=True))
    slowest = max(row[0] for row in rows)
    print(f"case saved -> first page of ranked contacts, median of {len(rows)} cases of {contacts:.0f} contacts")
    alone.against("in the browser", f"{took:.2f} s, slowest {slowest:.2f}", took <= 1, "1 s")
    print(f"  {'the two answers of the server':<36}{server:.2f} s, of it the engine {traced:.3f} s")


def _people(url: str, residents: int) -> None:
    """So many people with cards, with the numbers that the visits name."""
    from ksdb.access.sealing import sealer_of_now
    from ksdb.core.scope import system_scope
    from ksdb.places.actions import load_reference
    from ksdb.simulation.loading import load_people
    from ksdb.simulation.population import province

    with psycopg.connect(url) as connection:
        if connection.execute("SELECT 1 FROM resident LIMIT 1").fetchone():
            return
        # The one division of bench.tracing makes room for the real ones; its points have none until they are dealt out.
        connection.execute("SET session_replication_role = replica")
        connection.execute("DELETE FROM division")
    load_reference(system_scope())
    with psycopg.connect(url) as connection:
        population = province(seed=SEED, residents=residents)
        load_people(connection.cursor(), population, sealer_of_now(), SEED, lambda *_: None)
        connection.execute(DEAL_OUT.encode())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def session() -> str:
    """The session of an epidemiologist of the whole province."""
    from django.conf import settings
    from django.test import Client

    from ksdb.access.actions import give_grant, make_account
    from ksdb.access.models import StaffAccount
    from ksdb.core.clock import today
    from ksdb.core.scope import Role, system_scope
    from ksdb.places.models import Division

    settings.ALLOWED_HOSTS = ["*"]
    whole = Division.objects.get(kind="province", valid_from="2021-07-01")
    account = StaffAccount.objects.filter(username="hanh").first()
    if account is None:
        account = make_account(system_scope(), "hanh", "Trần Thị Hạnh", "một mật khẩu đủ dài 2021", unit=whole.name)
        give_grant(system_scope(), account, Role.EPIDEMIOLOGIST, whole.pk, today() - timedelta(days=1))
    client = Client()
    client.force_login(account)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *given: Any) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """All of Django on a port of its own."""
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.wsgi import get_wsgi_application

    with make_server("127.0.0.1", 0, StaticFilesHandler(get_wsgi_application()), _Server, _Quiet) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def _pages(address: str, session: str, residents: list[int]) -> Iterator[tuple[float, float, float, int]]:
    """Of each case: seconds in the browser, of the server's two answers, of the engine, and how many contacts."""
    from django.conf import settings
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_context(locale="vi-VN").new_page()
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": address}])
        for resident in residents:
            yield _page(page, f"{address}/cases/new/{resident}/")
        browser.close()


def _page(page: Any, path: str) -> tuple[float, float, float, int]:
    page.goto(path)
    page.fill("[name=onset_on]", f"{data.FIRST_ON + timedelta(days=2):%Y-%m-%d}")
    page.fill("[name=sampled_on]", f"{data.FIRST_ON + timedelta(days=2):%Y-%m-%d}")
    page.select_option("[name=rules]", "overlap-15")
    started = time.perf_counter()
    page.click("button[name=then][value=trace]")
    page.wait_for_url("**/traces/*/")
    page.locator("main table tbody tr").first.wait_for()
    took = time.perf_counter() - started
    server = page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd") / 1000
    traced, contacts = _traced(int(page.url.rstrip("/").rpartition("/")[2]))
    return took, server, traced, contacts


def _traced(trace_id: int) -> tuple[float, int]:
    """Seconds of the engine, and contacts; asked past Django, which refuses beside a loop of events."""
    with psycopg.connect(os.environ["KSDB_DATABASE_URL"]) as connection:
        row = connection.execute("SELECT duration_ms, contact_count FROM trace WHERE id = %s", [trace_id]).fetchone()
    assert row is not None
    return row[0] / 1000, int(row[1])


if __name__ == "__main__":
    main()
