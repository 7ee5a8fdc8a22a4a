"""Coverage at province size, the cost of keeping it in step, and officers' pages: `python -m bench.coverage`.

Works on the invented province that searches are measured on: names, households, cards, and reasons for one in forty.
"""

import argparse
import statistics
import time

import psycopg

from bench.limits import against
from bench.pages import officer, p95, sent
from bench.people import RESIDENTS, people_database

REQUESTS = 40
CHANGES = 10_000
LIMIT_MS = 300
REASONS = """
INSERT INTO missing_reason (resident_id, reason, said_on, noted_at)
SELECT id, (ARRAY['works_away', 'studies_elsewhere', 'moved', 'died', 'refuses'])[1 + id % 5], current_date - 20, now()
FROM resident WHERE id % 40 = 0
"""
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
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    url = people_database(parser.parse_args().residents)
    give_reasons(url)
    find_duplicates()
    measure_counting(url)
    measure_pages()
    live = live_seconds(url)
    print(f"the province's districts from the live tables: {live * 1000:,.0f} ms")


def give_reasons(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM missing_reason LIMIT 1").fetchone():
            connection.execute(REASONS)


def find_duplicates() -> None:
    """Once in a database: the queue of pairs is what the night leaves."""
    from ksdb.core.scope import system_scope
    from ksdb.duplicates.actions import search_pairs
    from ksdb.duplicates.models import Pair

    if not Pair.objects.exists():
        search_pairs(system_scope(), is_whole=True)
    print(f"{Pair.objects.count():,} pairs wait for a decision")


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
    from ksdb.places.models import Division

    client = officer("province", Division.objects.get(kind="province", valid_to=None).pk)
    for name, path, asked in pages():
        times = [sent(lambda: client.get(path, asked)) for _ in range(REQUESTS + 1)][1:]  # noqa: B023
        held = p95(times)
        figure = f"P50 {statistics.median(times):.0f} P95 {held:.0f} ms"
        against(name, figure, f"{LIMIT_MS} ms", holds=held < LIMIT_MS)


def pages() -> list[tuple[str, str, dict[str, object]]]:
    """Name, path and query of each."""
    from ksdb.places.models import Division
    from ksdb.registry.models import Resident

    def of(name: str, kind: str, era: str = "2021-07-01") -> Division:
        return Division.objects.get(name=name, kind=kind, valid_from=era)

    commune = of("Phường Tây Lộc", "commune")
    group = Division.objects.filter(parent=commune)[0]
    person = Resident.objects.filter(division=group)[0]
    coverage = [
        ("province 2021, by district", {"era": "2021-07-01"}),
        ("province 2021, by commune", {"era": "2021-07-01", "by": "communes"}),
        ("province 2025, 40 communes", {"era": "2025-07-01"}),
        ("province 2019, carried by shares", {"era": "2019-04-01", "by": "communes", "basis": "census"}),
        ("district (thị xã Hương Trà)", {"division": of("Thị xã Hương Trà", "district").pk}),
        ("commune (phường Tây Lộc)", {"division": commune.pk}),
        ("commune of 2025 (phường Phú Xuân)", {"division": of("Phường Phú Xuân", "commune", "2025-07-01").pk}),
        ("group", {"division": group.pk}),
    ]
    return [
        *((f"coverage: {name}", "/coverage/", asked) for name, asked in coverage),
        ("doors: groups of a commune", "/doors/", {"commune": commune.pk}),
        ("doors: a group, those lacking", f"/doors/{group.pk}/", {"only": 1}),
        ("doors: a group, everybody, page 2", f"/doors/{group.pk}/", {"page": 2}),
        ("doors: walking order", f"/doors/{group.pk}/order/", {}),
        ("doors: a person", f"/doors/residents/{person.pk}/", {}),
        ("duplicates: the queue", "/duplicates/", {}),
    ]


def live_seconds(url: str) -> float:
    with psycopg.connect(url) as connection:
        connection.execute(LIVE)
        started = time.perf_counter()
        connection.execute(LIVE).fetchall()
        return time.perf_counter() - started


if __name__ == "__main__":
    main()
