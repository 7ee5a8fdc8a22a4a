"""What the walls around people cost, among 1.2 million: `python -m bench.security`.

The search for people with a policy of row-level security on residents and without (decision 011); an entry of the audit
trail with its link, beside the entry alone; following the chain; sealing numbers anew under another key. Everything but
the entries is taken back.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from bench.people import RESIDENTS, people_database

POLICIES = {
    "no policy": "",
    "array": "division_id = ANY ((SELECT array_agg(inner_id) FROM division_containment WHERE outer_id ="
    " ANY (current_setting('ksdb.divisions')::int[]))::int[])",
    "subplan": "division_id IN (SELECT inner_id FROM division_containment WHERE outer_id ="
    " ANY (current_setting('ksdb.divisions')::int[]))",
}
"""As decision 011 names them; the jurisdiction stands in a setting of the transaction."""

QUESTIONS = {"one common word": "lan", "three words": "nguyen thi lan", "nobody": "nguyen thi lan xyz"}
PAGE = 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    parser.add_argument("--times", type=int, default=30, help="how often each question is asked")
    parser.add_argument("--entries", type=int, default=20_000, help="entries of the trail to write and follow")
    asked = parser.parse_args()
    people_database(asked.residents)
    print(f"{asked.residents:,} residents; medians of {asked.times}, in milliseconds")
    _walls(asked.times)
    _trail(asked.times, asked.entries)
    _sealing()


def _walls(times: int) -> None:
    """Each question by each policy, in turn, in the largest commune and in the province."""
    print(f"\n{'search, row-level security':34}" + "".join(f"{name:>12}" for name in POLICIES))
    for place, outer, divisions in _places():
        for question, words in QUESTIONS.items():
            found: dict[str, list[float]] = {name: [] for name in POLICIES}
            for _ in range(times):
                for name, policy in POLICIES.items():
                    with _behind(policy, outer):
                        found[name].append(_search(words, divisions))
            medians = [statistics.median(one) for one in found.values()]
            print(f"{place + ': ' + question:34}" + "".join(f"{one:12.1f}" for one in medians))


def _places() -> list[tuple[str, int, list[int] | None]]:
    """Name, division and what lies inside it: the largest commune, and the province, which is not narrowed."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT division.id, array_agg(DISTINCT inner_id) FROM division JOIN division_containment ON outer_id ="
            " division.id JOIN resident ON resident.division_id = inner_id WHERE kind = 'commune' AND valid_to IS NULL"
            " GROUP BY division.id ORDER BY count(*) DESC LIMIT 1"
        )
        commune, divisions = cursor.fetchone()
        cursor.execute("SELECT id FROM division WHERE kind = 'province' ORDER BY valid_from DESC LIMIT 1")
        return [("commune", commune, divisions), ("province", cursor.fetchone()[0], None)]


@contextmanager
def _behind(policy: str, outer: int) -> Iterator[None]:
    """A transaction of a role that is neither owner nor superuser, behind that policy; all of it is taken back."""
    from django.db import connection, transaction

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("CREATE ROLE bench_wall; GRANT SELECT ON ALL TABLES IN SCHEMA public TO bench_wall")
            if policy:
                cursor.execute("ALTER TABLE resident ENABLE ROW LEVEL SECURITY")
                cursor.execute(f"CREATE POLICY wall ON resident FOR SELECT USING ({policy})")
            cursor.execute("SELECT set_config('ksdb.divisions', %s, true)", [f"{{{outer}}}"])
            cursor.execute("SET LOCAL ROLE bench_wall")
        yield
        transaction.set_rollback(True)


def _search(words: str, divisions: list[int] | None) -> float:
    from ksdb.registry.searching import ResidentSearch, found

    return _milliseconds(lambda: found(ResidentSearch(words), divisions, 1))


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def _trail(times: int, entries: int) -> None:
    """Entries alone are written in a transaction that is taken back, and so never chained."""
    from ksdb.audit.actions import record_many, seal_entries
    from ksdb.core.scope import Purpose, Scope, system_scope

    officer = Scope(actor_id=1, actor_name="bench", address="192.0.2.1")

    def page(count: int) -> None:
        subjects = [("resident", number) for number in range(1, count + 1)]
        record_many(officer, "registry:resident:read", subjects, Purpose.CARD_SERVICE)

    print(f"\n{'audit trail':34}{'one entry':>12}{'page of 50':>12}")
    alone = [statistics.median([_taken_back(lambda n=n: page(n)) for _ in range(times)]) for n in (1, PAGE)]  # type: ignore[misc]
    chained = [statistics.median([_milliseconds(lambda n=n: page(n)) for _ in range(times)]) for n in (1, PAGE)]  # type: ignore[misc]
    print(f"{'entries alone, not committed':34}" + "".join(f"{one:12.1f}" for one in alone))
    print(f"{'committed and chained':34}" + "".join(f"{one:12.1f}" for one in chained))
    for _ in range(entries // 1_000):
        page(1_000)
    seal_entries(system_scope())
    _verify()


def _taken_back(work: Callable[[], object]) -> float:
    from django.db import transaction

    with transaction.atomic():
        took = _milliseconds(work)
        transaction.set_rollback(True)
    return took


def _verify() -> None:
    from ksdb.audit.models import Link
    from ksdb.audit.queries import faults
    from ksdb.core.scope import system_scope

    count, started = Link.objects.count(), time.perf_counter()
    found = len(list(faults(system_scope())))
    seconds = time.perf_counter() - started
    print(f"{'verify':34}{count:12,} links in {seconds:.1f} s, {count / seconds:,.0f} a second, {found} faults")


def _sealing(batches: int = 10) -> None:
    """Batches of residents sealed anew under a key that is thrown away with what it sealed."""
    from django.db import connection, transaction

    from ksdb.config import settings
    from ksdb.core.seal import Sealer
    from ksdb.postgres.named import sql
    from ksdb.registry.rotating import BATCH, ROOM, given_anew

    keys = settings().seal_keys()
    other = Sealer({**keys, max(keys) + 1: os.urandom(32)}, settings().secret("match_key"))
    count, after, started = 0, 0, time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for _ in range(batches):
            cursor.execute(sql(ROOM, "sealed_with_others"), {"after": after, "newest": other.newest, "most": BATCH})
            rows: list[Any] = [
                tuple(v if v is None or i == 0 else bytes(v) for i, v in enumerate(row)) for row in cursor.fetchall()
            ]
            if not rows:
                break
            after = rows[-1][0]
            cursor.execute(sql(ROOM, "write_sealed_anew"), given_anew(rows, other))
            count += len(rows)
        transaction.set_rollback(True)
    seconds = time.perf_counter() - started
    print(f"\n{'seal key: residents sealed anew':34}{count:12,} in {seconds:.1f} s, {count / seconds:,.0f} a second")


if __name__ == "__main__":
    main()
