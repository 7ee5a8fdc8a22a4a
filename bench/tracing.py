"""Both engines and DuckDB on the same invented visits: `python -m bench.tracing [--visits 5_000_000]`.

The first run with so many visits fills a database of its own (a quarter of an hour, 15 GB below var/bench).
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np

from bench import tracing_alone as alone
from bench import tracing_data as data
from bench.tracing_alone import against, drop_files

BATCH = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=50_400_000)
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--plan", action="store_true", help="print the plan of the slowest case in SQL")
    parser.add_argument("--alone", choices=sorted(alone.PARTS), help="one question in a process of its own, as JSON")
    arguments = parser.parse_args()
    data.database(arguments.visits)
    if arguments.alone:
        alone.answer_alone(arguments.alone, arguments.visits)
        return
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
    against("scans and stays", f"{min(times):.2f} + {stays_time:.2f} s", took <= 1.5, "1.5 s at 3.6 million")
    against("in memory", f"{size / count:.1f} bytes a visit", size <= 24 * count, "24 bytes")
    made = alone.asked_alone("refresh", visits)
    print(f"index of {made['visits']:,.0f} visits from PostgreSQL into files, in a process of its own")
    a_day = made["seconds"] / made["visits"] * 3_600_000
    against("3.6 million, read and stored", f"{a_day:.2f} s of {made['seconds']:.0f} s", a_day <= 1.5, "1.5 s")
    against(
        "in files", f"{made['bytes'] / made['visits']:.1f} bytes a visit", made["bytes"] <= 24 * made["visits"], "24"
    )
    print(f"  {'memory at most':<36}{made['megabytes']:,.0f} MB, {made['before']:,.0f} MB of it the program alone")


class Bench:
    """The same questions to each engine."""

    def __init__(self, visits: int, cases: int) -> None:
        self.visits = visits
        self.index = alone.opened_index()
        self.cases = alone.cases(self.index, visits, cases)
        self.duck = Duck(self.index)
        self.questions = [alone.question(resident, 2) for resident in self.cases]

    def first_generation(self) -> None:
        """The walk alone, and with all that a trace asks: state of the log, what is newer, scans of nobody known."""
        from ksdb.tracing.engines import answer, by_sql

        self._cold()
        questions = [replace(one, generations=1) for one in self.questions]
        index = [_best(lambda one=one: alone.in_snapshot(answer, one)) for one in questions]
        in_sql = [_best(lambda one=one: alone.in_snapshot(by_sql, one)) for one in questions]
        walk = [_best(lambda one=one: self._first(one)) for one in self.cases]
        asked = [self._first(one)[0] for one in self.cases]
        in_duck = [_best(lambda of=of: self.duck.first(of)) for of in asked]
        answers = [alone.in_snapshot(answer, one) for one in questions]
        assert {one.engine for one in answers} == {"index"}
        contacts = [len(one.found.contacts) for one in answers]
        theirs = [len(alone.in_snapshot(by_sql, one).contacts) for one in questions]
        assert contacts == theirs == [self.duck.first(of) for of in asked], (contacts, theirs)
        ours, bare, sql, duck = (statistics.median(times) * 1000 for times in (index, walk, in_sql, in_duck))
        print(
            f"F0 -> F1 as a trace asks, {len(self.cases)} cases of {statistics.median(contacts):.0f} contacts, medians"
        )
        against("index, the walk over open files", f"{bare:.1f} ms, slowest {max(walk) * 1000:.1f}", bare <= 5, "5 ms")
        print(f"  {'  with what is newer, and as objects':<36}{ours:.1f} ms, slowest {max(index) * 1000:.1f}")
        against("SQL engine", f"{sql:.0f} ms, slowest {max(in_sql) * 1000:.0f}", sql <= 50, "50 ms")
        print(
            f"  {'DuckDB':<36}{duck:.0f} ms, stays given: {duck / bare:.0f} times the walk, SQL {sql / bare:.0f} times"
        )

    def _cold(self) -> None:
        """The first question of a new process, with no file of the index or the database in the page cache."""
        print("F0 -> F1, first question of a new process, files dropped from the page cache")
        for engine, limit in (("index", 5), ("sql", 50)):
            drop_files()
            told = alone.asked_alone(engine, self.visits)
            first, then = told["first"] * 1000, told["then"] * 1000
            against(f"{engine}, another case then {then:.0f} ms", f"{first:.0f} ms", first <= limit, f"{limit} ms")
            print(f"  {'  memory at most':<36}{told['megabytes']:,.0f} MB")

    def batch(self) -> None:
        residents = np.arange(97, 97 * (BATCH + 1), 97, dtype=np.int32)

        def run() -> Any:
            asked = self.index.asked(residents, self._spans(BATCH), self._rule())
            return self.index.meetings(asked)

        took = _best(run)
        print(f"{BATCH:,} cases, one generation, as a batch: {run().who.size:,} co-presences")
        against("index", f"{took:.2f} s", took <= 3, "3 s")

    def second_generation(self) -> None:
        from ksdb.tracing.engines import answer, by_sql, second_of
        from ksdb.tracing.exposures import added_up
        from ksdb.tracing.persons import Persons
        from ksdb.tracing.presence.reading import milliseconds

        question = self.questions[0]
        took, found = _best(lambda: alone.in_snapshot(answer, question), 5), alone.in_snapshot(answer, question).found
        at = {one.resident_id: milliseconds(one.first_at) for one in added_up(found.exposures)}
        bare = _best(lambda: second_of(self.index, question, at, Persons()), 5)
        second = second_of(self.index, question, at, Persons())
        print(
            f"F0 -> F1 -> F2 as a trace asks: {len(at):,} first, {found.second_count:,} second,"
            f" {second.pairs:,} co-presences with {second.asked.who.size:,} stays"
        )
        against("index, one core", f"{took:.3f} s, {bare:.3f} s of it the walk", took <= 0.5, "0.5 s")
        duck, count = min(self.duck.second(second.asked, {*at, *question.records}) for _ in range(3))
        beside = f"{duck:.1f} s, {duck / bare:.0f} times the walk, {duck / took:.0f} times all that a trace asks"
        against("DuckDB, one thread, stays given", beside, duck >= 20 * bare, "20 times")
        started = time.perf_counter()
        theirs = alone.in_snapshot(by_sql, question)
        passed = time.perf_counter() - started
        assert theirs.second_count == found.second_count == count, (theirs.second_count, count)
        against("SQL engine", _times(passed, took), passed >= 50 * took, "50 times")

    def _rule(self) -> Any:
        from ksdb.tracing.presence.index import Rule

        return Rule(15 * 60_000)

    def _spans(self, count: int) -> list[tuple[int, int]]:
        start = data.FIRST_US // 1000
        return [(start, start + data.DAYS * 86_400_000)] * count

    def _first(self, resident: int) -> tuple[Any, Any, Any]:
        asked = self.index.asked(np.array([resident], np.int32), self._spans(1), self._rule())
        met = self.index.meetings(asked)
        return asked, met, np.unique(met.who)

    def print_plan(self) -> None:
        from django.db import connection

        from ksdb.postgres.named import sql
        from ksdb.tracing.exposures import case_stays

        asked, rule = self.questions[0], self.questions[0].rule
        with connection.cursor() as cursor:
            text = "EXPLAIN (ANALYZE, BUFFERS, SETTINGS) " + sql("ksdb.tracing", "exposures")
            cursor.execute(text, case_stays(asked.records, asked.infectious, rule).asked(rule))
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


def _times(theirs: float, ours: float) -> str:
    return f"{theirs:.1f} s, {theirs / ours:.0f} times the index"


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
