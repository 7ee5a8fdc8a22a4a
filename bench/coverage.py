"""The coverage pages at province size, and what keeping their figures in step costs: `python -m bench.coverage`."""

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import timedelta

import psycopg

from bench.province import province

REQUESTS = 40
CHANGES = 10_000
LIVE = """
SELECT division_containment.outer_id, count(*), count(card.index), count(*) FILTER (WHERE card.status = 2)
FROM division_containment
JOIN resident ON resident.division_id = division_containment.inner_id
LEFT JOIN card ON card.resident_id = resident.id AND card.status IN (1, 2, 3, 6)
WHERE division_containment.outer_id IN (SELECT id FROM division WHERE kind = 'district' AND valid_from = '2021-07-01')
GROUP BY 1
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_200_000)
    url = province(parser.parse_args().people)
    measure_counting(url)
    measure_pages()
    live = live_seconds(url)
    print(f"the province's districts from the live tables: {live * 1000:,.0f} ms")


def measure_counting(url: str) -> None:
    from ksdb.core.scope import system_scope
    from ksdb.coverage.actions import rebuild, refresh
    from ksdb.coverage.models import Run

    scope = system_scope()
    Run.objects.all().delete()
    empty(url)
    first = rebuild(scope)
    print(f"first count of {first.people:,} residents: {first.took_ms / 1000:.1f} s")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    with_triggers = changed(url)
    run = refresh(scope)
    print(f"refresh after {CHANGES:,} changes: {run.took_ms:,} ms ({run.people:,} residents)")
    print(f"refresh with nothing changed: {refresh(scope).took_ms:,} ms")
    without = changed(url, "DISABLE")
    changed(url, "ENABLE", count=0)
    print(
        f"{CHANGES:,} cards changed by one statement: {with_triggers:.2f} s with the queue's triggers, "
        f"{without:.2f} s without ({with_triggers / without:.2f} times)"
    )
    again = rebuild(scope)
    print(f"recount that finds {again.drifted:,} drifted and writes all anew: {again.took_ms / 1000:.1f} s")
    whole = rebuild(scope)
    print(f"nightly recount that finds {whole.drifted:,} drifted: {whole.took_ms / 1000:.1f} s")


def empty(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("TRUNCATE coverage_person, coverage_tally, coverage_day, coverage_change")


def changed(url: str, triggers: str = "", count: int = CHANGES) -> float:
    """Seconds for suspending so many active cards; the triggers of the queue are first put out of action, or back."""
    from ksdb.core.clock import now

    with psycopg.connect(url) as connection:
        if triggers:
            statement = psycopg.sql.SQL("ALTER TABLE card {} TRIGGER card_counted_both")
            connection.execute(statement.format(psycopg.sql.SQL(triggers)))
        started = time.perf_counter()
        connection.execute(
            "UPDATE card SET status = 3, status_since = %s WHERE index IN"
            " (SELECT index FROM card WHERE status = 2 ORDER BY md5(index::text || %s) LIMIT %s)",
            [now(), triggers, count],
        )
        return time.perf_counter() - started


def measure_pages() -> None:
    from django.conf import settings
    from django.test import Client

    from ksdb.access.actions import give_grant, make_account
    from ksdb.access.models import StaffAccount
    from ksdb.core.clock import today
    from ksdb.core.scope import Role, system_scope
    from ksdb.places.models import Division

    settings.ALLOWED_HOSTS = ["testserver"]
    whole = Division.objects.get(kind="province", valid_from="2025-07-01")
    account = StaffAccount.objects.filter(username="hanh").first()
    if account is None:
        account = make_account(system_scope(), "hanh", "Trần Thị Hạnh", "một mật khẩu đủ dài 2021", unit=whole.name)
        give_grant(system_scope(), account, Role.AUDITOR, whole.pk, today() - timedelta(days=1))
    client = Client()
    client.force_login(account)
    for name, asked in pages():
        p50, p95, size = timed(lambda asked=asked: client.get("/coverage/", asked))  # type: ignore[misc]
        print(f"{name:<34} P50 {p50:4.0f} ms   P95 {p95:4.0f} ms   {size / 1000:4.0f} kB")


def pages() -> list[tuple[str, dict[str, object]]]:
    from ksdb.places.models import Division

    def of(name: str, kind: str, era: str = "2021-07-01") -> Division:
        return Division.objects.get(name=name, kind=kind, valid_from=era)

    commune = of("Phường Tây Lộc", "commune")
    group = Division.objects.filter(parent=commune)[0]
    return [
        ("province 2021, by district", {"era": "2021-07-01"}),
        ("province 2021, by commune", {"era": "2021-07-01", "by": "communes"}),
        ("province 2025, 40 communes", {"era": "2025-07-01"}),
        ("province 2019, carried by shares", {"era": "2019-04-01", "by": "communes", "basis": "census"}),
        ("district (thị xã Hương Trà)", {"division": of("Thị xã Hương Trà", "district").pk}),
        ("commune (phường Tây Lộc)", {"division": commune.pk}),
        ("commune of 2025 (phường Phú Xuân)", {"division": of("Phường Phú Xuân", "commune", "2025-07-01").pk}),
        ("group", {"division": group.pk}),
    ]


def timed(get: Callable[[], object]) -> tuple[float, float, int]:
    """P50 and P95 in milliseconds of requests through all of Django in this process, and the page's bytes."""
    answer = get()
    assert getattr(answer, "status_code", 0) == 200, answer
    taken = []
    for _ in range(REQUESTS):
        started = time.perf_counter()
        get()
        taken.append((time.perf_counter() - started) * 1000)
    cuts = statistics.quantiles(taken, n=20)
    return cuts[9], cuts[18], len(getattr(answer, "content", b""))


def live_seconds(url: str) -> float:
    with psycopg.connect(url) as connection:
        connection.execute(LIVE)
        started = time.perf_counter()
        connection.execute(LIVE).fetchall()
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
