"""One question to tracing in a process of its own, and what several measurements of tracing share."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np

from bench import tracing_data as data

STAYS_OF_A_CASE = 30
"""Gives about 2,000 contacts on 50 million visits."""


def asked_alone(part: str, visits: int) -> dict[str, float]:
    """What a new process tells of one part."""
    command = [sys.executable, "-m", "bench.tracing", "--visits", str(visits), "--alone", part]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def answer_alone(part: str, visits: int) -> None:
    before = _megabytes()
    print(json.dumps({**PARTS[part](visits), "before": before, "megabytes": _megabytes()}))


def _refreshed(_: int) -> dict[str, float]:
    from ksdb.tracing.presence.refreshing import refresh_files

    started = time.perf_counter()
    manifest = refresh_files(anew=True).manifest
    return {"seconds": time.perf_counter() - started, "visits": manifest.visits, "bytes": manifest.byte_count}


def _by_index(visits: int) -> dict[str, float]:
    from ksdb.tracing.engines import answer

    return _first_and_then(answer, visits)


def _by_sql(visits: int) -> dict[str, float]:
    from ksdb.tracing.engines import by_sql

    return _first_and_then(by_sql, visits)


def _first_and_then(engine: Callable[[Any], Any], visits: int) -> dict[str, float]:
    """Two people of whom nobody asked before: seconds of the first question, and of the second."""
    times = []
    for resident in (97 * 11 % data.residents_in(visits), 97 * 13 % data.residents_in(visits)):
        started = time.perf_counter()
        in_snapshot(engine, question(resident, 1))
        times.append(time.perf_counter() - started)
    return {"first": times[0], "then": times[1]}


PARTS: dict[str, Callable[[int], dict[str, float]]] = {"refresh": _refreshed, "index": _by_index, "sql": _by_sql}


def in_snapshot(engine: Callable[[Any], Any], asked: Any) -> Any:
    """As a run asks: in one transaction that sees one state."""
    from ksdb.tracing.actions.running import one_snapshot

    with one_snapshot():
        return engine(asked)


def question(resident: int, generations: int) -> Any:
    from ksdb.core.copresence import OverlapRule
    from ksdb.tracing.engines import Question
    from ksdb.tracing.exposures import units
    from ksdb.tracing.presence.reading import instant

    first = data.FIRST_US // 1000
    period = (instant(first), instant(first + data.DAYS * 86_400_000))
    rule = OverlapRule(units(timedelta(minutes=15)))
    return Question([resident], period, rule, period[1], timedelta(), generations)


def opened_index() -> Any:
    from ksdb.tracing.presence.opening import open_index
    from ksdb.tracing.presence.refreshing import log_snapshot

    with log_snapshot():
        opened = open_index()
    assert opened is not None
    return opened.index


def cases(index: Any, visits: int, count: int) -> list[int]:
    """Residents with about so many stays as a case has."""
    stayed = index.stays(np.arange(97, data.residents_in(visits), 97, dtype=np.int32))
    sizes = np.bincount(stayed.owner)
    nearest = np.argsort(np.abs(sizes - STAYS_OF_A_CASE), kind="stable")[:count]
    return [97 * (int(n) + 1) for n in nearest]


def against(what: str, figure: str, holds: bool, limit: str) -> None:
    print(f"  {what:<36}{figure}  ({'within' if holds else 'MISSES'} the limit of {limit})", flush=True)


def drop_files() -> None:
    """Takes the files of the index and of the database out of the page cache; PostgreSQL keeps its own buffers."""
    for path in Path(os.environ["KSDB_VAR_DIR"]).rglob("*"):
        if path.is_file() and (path.suffix == ".i32" or "base" in path.parts):
            try:
                descriptor = os.open(path, os.O_RDONLY)
            except FileNotFoundError:
                continue
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def _megabytes() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
