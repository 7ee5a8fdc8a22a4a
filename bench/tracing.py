"""Both engines and DuckDB on the same invented visits: `python -m bench.tracing --visits 50_400_000`.

The first run with so many visits fills a database of its own (a quarter of an hour, 15 GB below var/bench).
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from bench import tracing_data as data

STAYS_OF_A_CASE = 30
"""Gives about 2,000 contacts on 50 million visits."""
BATCH = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=5_000_000)
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--plan", action="store_true", help="print the plan of the slowest case in SQL")
    arguments = parser.parse_args()
    data.database(arguments.visits)
    print(f"load average {os.getloadavg()[0]:.1f} at the start, {os.cpu_count()} cores, DuckDB {version('duckdb')}")
    _measure_build(arguments.visits)
    bench = Bench(arguments.visits, arguments.cases)
    bench.first_generation()
    bench.batch()
    bench.second_generation()
    if arguments.plan:
        bench.print_plan()
    print(f"load average {os.getloadavg()[0]:.1f} at the end")


def _measure_build(visits: int) -> None:
    """One day from arrays, and all days from PostgreSQL into files."""
    from ksdb.tracing.presence.refreshing import refresh_files
    from ksdb.tracing.presence.segment import DAY_MS, Neighbours, Rows, Segment, scans_of_rows, stays_of_scans

    usual = data.usual_minutes(data.points_in(visits)) * np.int32(60_000)
    usual.flags.writeable = False
    base = data.FIRST_US // 1000
    sides, times = [], []
    for n, day in zip(range(3), data.days(visits), strict=False):
        rows = Rows(day["resident"], day["at"] // 1000, day["point"], day["is_exit"], day["sequence"], day["point"])
        times.append(_best(lambda rows=rows, n=n: scans_of_rows(rows, base + n * DAY_MS)))
        sides.append(scans_of_rows(rows, base + n * DAY_MS))
    near = Neighbours(sides[0], sides[1], sides[2], 0, DAY_MS)
    stays_time = _best(lambda: stays_of_scans(near, usual))
    size = Segment(sides[1], stays_of_scans(near, usual)).byte_count
    count, took = sides[1].at.size, min(times) + stays_time
    print(f"index of one day of {count:,} visits from arrays")
    _against("scans and stays", f"{min(times):.2f} + {stays_time:.2f} s", took <= 1.5, "1.5 s at 3.6 million")
    _against("memory", f"{size / count:.1f} bytes a visit", size <= 24 * count, "24 bytes")
    started = time.perf_counter()
    made = refresh_files(anew=True)
    passed = time.perf_counter() - started
    print(
        f"index of {made.manifest.visits:,} visits from PostgreSQL into files: {passed:.0f} s,"
        f" {passed / len(made.read_days):.1f} s a day read,"
        f" {made.manifest.byte_count / made.manifest.visits:.1f} bytes a visit"
    )


class Bench:
    """The same questions to each engine."""

    def __init__(self, visits: int, cases: int) -> None:
        from ksdb.core.copresence import OverlapRule
        from ksdb.tracing.engines import Question
        from ksdb.tracing.exposures import units
        from ksdb.tracing.presence.opening import open_index
        from ksdb.tracing.presence.reading import instant

        self.visits = visits
        opened = open_index()
        assert opened is not None
        self.index = opened.index
        self.period = (instant(data.FIRST_US // 1000), instant(data.FIRST_US // 1000 + data.DAYS * 86_400_000))
        self.rule = OverlapRule(units(timedelta(minutes=15)))
        self.cases = self._cases(cases)
        self.duck = Duck(self.index)
        self.questions = [
            Question([resident], self.period, self.rule, self.period[1], timedelta(), 2) for resident in self.cases
        ]

    def _cases(self, count: int) -> list[int]:
        stayed = self.index.stays(np.arange(97, data.residents_in(self.visits), 97, dtype=np.int32))
        sizes = np.bincount(stayed.owner)
        nearest = np.argsort(np.abs(sizes - STAYS_OF_A_CASE), kind="stable")[:count]
        return [97 * (int(n) + 1) for n in nearest]

    def first_generation(self) -> None:
        from ksdb.tracing.exposures import find

        self.cold()
        index = [_best(lambda one=one: self._first(one)) for one in self.cases]
        in_sql = [_best(lambda one=one: find([one], self.period, self.rule)) for one in self.cases]
        asked = [self._first(one)[0] for one in self.cases]
        in_duck = [_best(lambda of=of: self.duck.first(of)) for of in asked]
        contacts = [self._first(one)[2].size for one in self.cases]
        theirs = [len(find([one], self.period, self.rule).contacts) for one in self.cases]
        assert contacts == theirs == [self.duck.first(of) for of in asked], (contacts, theirs)
        ours, sql, duck = (statistics.median(times) * 1000 for times in (index, in_sql, in_duck))
        print(f"F0 -> F1, median of {len(self.cases)} cases with {statistics.median(contacts):.0f} contacts")
        _against("index", f"{ours:.2f} ms, slowest {max(index) * 1000:.1f}", ours <= 5, "5 ms")
        _against("SQL engine", f"{sql:.0f} ms, slowest {max(in_sql) * 1000:.0f}", sql <= 50, "50 ms")
        print(f"  {'DuckDB':<36}{duck:.0f} ms, stays given; the index is {duck / ours:.0f} times faster,", end="")
        print(f" and {sql / ours:.0f} times than SQL")

    def cold(self) -> None:
        """A case nobody asked for yet, with no file of the index or the database in the page cache.

        The index's files are unmapped before, as what is mapped cannot be dropped; the program itself is loaded.
        """
        import gc

        from ksdb.tracing.exposures import find
        from ksdb.tracing.presence.opening import _segments, open_index

        self._first(self.cases[0])
        del self.index
        _segments.cache_clear()
        gc.collect()
        _drop_files()
        opening = time.perf_counter()
        opened = open_index()
        assert opened is not None
        self.index = opened.index
        opening = time.perf_counter() - opening
        in_index = _timed(lambda: self._first(self.cases[1]))
        _drop_files()
        in_sql = _timed(lambda: find([self.cases[1]], self.period, self.rule))
        print("F0 -> F1 with all files dropped from the page cache (posix_fadvise; PostgreSQL keeps its own buffers)")
        print(f"  {'index':<36}{in_index * 1000:.0f} ms, and {opening * 1000:.0f} ms to open its files")
        print(f"  {'SQL engine':<36}{in_sql * 1000:.0f} ms")

    def batch(self) -> None:
        residents = np.arange(97, 97 * (BATCH + 1), 97, dtype=np.int32)

        def run() -> Any:
            asked = self.index.asked(residents, self._spans(BATCH), self._rule())
            return self.index.meetings(asked, self._rule())

        took = _best(run)
        print(f"{BATCH:,} cases, one generation, as a batch: {run().who.size:,} co-presences")
        _against("index", f"{took:.2f} s", took <= 3, "3 s")

    def second_generation(self) -> None:
        from ksdb.tracing.engines import second_of
        from ksdb.tracing.exposures import find, find_second

        question = self.questions[0]
        _, met, _ = self._first(question.records[0])
        residents, place = np.unique(met.who, return_inverse=True)
        at = np.full(residents.size, np.iinfo(np.int64).max)
        np.minimum.at(at, place, met.started)
        first = dict(zip(residents.tolist(), at.tolist(), strict=True))

        def run() -> Any:
            self._first(question.records[0])
            return second_of(self.index, question, first)

        took, found = _best(run, 5), run()
        print(
            f"F0 -> F1 -> F2: {residents.size:,} first, {found.residents.size:,} second,"
            f" {found.pairs:,} co-presences with {found.asked.who.size:,} stays"
        )
        _against("index, one core", f"{took:.3f} s", took <= 0.5, "0.5 s")
        known = set(first) | {question.records[0]}
        duck, count = min(self.duck.second(found.asked, known) for _ in range(3))
        _against("DuckDB, one thread, stays given", _times(duck, took), duck >= 20 * took, "20 times")
        started = time.perf_counter()
        theirs = find_second(
            find(question.records, self.period, self.rule), question.records, (0, question.until), self.rule
        )
        passed = time.perf_counter() - started
        assert theirs.second_count == found.residents.size == count, (theirs.second_count, count)
        _against("SQL engine", _times(passed, took), passed >= 50 * took, "50 times")

    def _rule(self) -> Any:
        from ksdb.tracing.presence.index import Rule

        return Rule(15 * 60_000)

    def _spans(self, count: int) -> list[tuple[int, int]]:
        start = data.FIRST_US // 1000
        return [(start, start + data.DAYS * 86_400_000)] * count

    def _first(self, resident: int) -> tuple[Any, Any, Any]:
        asked = self.index.asked(np.array([resident], np.int32), self._spans(1), self._rule())
        met = self.index.meetings(asked, self._rule())
        return asked, met, np.unique(met.who)

    def print_plan(self) -> None:
        from django.db import connection

        from ksdb.postgres.named import sql
        from ksdb.tracing.exposures import case_stays

        with connection.cursor() as cursor:
            text = "EXPLAIN (ANALYZE, BUFFERS, SETTINGS) " + sql("ksdb.tracing", "exposures")
            cursor.execute(text, case_stays(self.cases[:1], self.period).asked(self.rule))
            print("\n".join(line for (line,) in cursor.fetchall()))


class Duck:
    """DuckDB, one thread, with all stays in a table sorted by point and arrival: it need not infer them."""

    QUESTION = """
        SELECT stay.who, sum(least(stay.departed, asked.until) - greatest(stay.arrived, asked.arrived))
        FROM asked JOIN stay ON stay.point = asked.point AND stay.arrived < asked.until
                            AND stay.departed > asked.arrived
        WHERE least(stay.departed, asked.until) - greatest(stay.arrived, asked.arrived) >= 900000
          AND stay.who NOT IN (SELECT who FROM known)
        GROUP BY stay.who
    """
    """What the index adds up of each resident, and no more."""

    def __init__(self, index: Any) -> None:
        import duckdb

        self.duck = duckdb.connect(config={"threads": 1})
        self.duck.execute("CREATE TABLE stay (point INTEGER, arrived BIGINT, departed BIGINT, who INTEGER)")
        for day in index.days:
            stays = day.stays
            rows = {
                "point": np.repeat(np.arange(stays.offsets.size - 1, dtype=np.int32), np.diff(stays.offsets)),
                "arrived": stays.arrived.astype(np.int64) + stays.base,
                "departed": stays.departed.astype(np.int64) + stays.base,
                "who": stays.who >> 2,
            }
            self.duck.register("rows", rows)
            self.duck.execute("INSERT INTO stay SELECT * FROM rows")

    def first(self, asked: Any) -> int:
        return self.second(asked, set(asked.who.tolist()))[1]

    def second(self, asked: Any, known: set[int]) -> tuple[float, int]:
        """Seconds for the question alone, and how many people."""
        self.duck.register("given", asked._asdict())
        self.duck.execute("CREATE OR REPLACE TEMP TABLE asked AS SELECT * FROM given")
        self.duck.register("ids", {"who": np.array(sorted(known), np.int32)})
        self.duck.execute("CREATE OR REPLACE TEMP TABLE known AS SELECT * FROM ids")
        started = time.perf_counter()
        count = len(self.duck.execute(self.QUESTION).fetchnumpy()["who"])
        return time.perf_counter() - started, count


def _against(what: str, figure: str, holds: bool, limit: str) -> None:
    print(f"  {what:<36}{figure}  ({'within' if holds else 'MISSES'} the limit of {limit})")


def _times(theirs: float, ours: float) -> str:
    return f"{theirs:.1f} s, {theirs / ours:.0f} times the index"


def _drop_files() -> None:
    """Takes the files of the index and of the database out of the page cache; PostgreSQL keeps its own buffers."""
    for path in Path(os.environ["KSDB_VAR_DIR"]).rglob("*"):
        if path.is_file() and (path.suffix == ".i32" or "base" in path.parts):
            try:
                descriptor = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _timed(run: Callable[[], Any]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started


def _best(run: Callable[[], Any], times: int = 3) -> float:
    """The median of some runs after one that warms up."""
    run()
    return statistics.median(_timed(run) for _ in range(times))


if __name__ == "__main__":
    main()
