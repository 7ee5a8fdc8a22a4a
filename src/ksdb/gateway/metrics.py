"""What the gateway counts, as Prometheus reads it. No metric names a device, a point or a person."""

import os
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ksdb.core.decision import ScanResult

if TYPE_CHECKING:
    from prometheus_client import Gauge

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
REQUESTS = "requests"
HAND_OVER_SECONDS = 2.0
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


def share_counts(folder: Path) -> None:
    """Before prometheus_client is imported: the processes of one gateway count into files there, and any tells all."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("*.db"):
        left.unlink()
    (folder / REQUESTS).unlink(missing_ok=True)
    os.environ[FOLDER] = str(folder)


def shared_requests() -> Path | None:
    """Where the processes of one gateway count the requests of devices together; None where there is one process."""
    return Path(os.environ[FOLDER]) / REQUESTS if FOLDER in os.environ else None


def _forget_the_dead(folder: Path) -> None:
    """What a process that was killed had waiting, waits no more. Its counters stay: what it counted has happened."""
    for path in folder.glob("gauge_live*_*.db"):
        if not Path("/proc", path.stem.rpartition("_")[2]).exists():
            path.unlink(missing_ok=True)


Mode = Literal["livesum", "livemax"]
GAUGES: Mapping[str, tuple[str, str, Mode]] = {
    "waiting": ("ksdb_scans_waiting", "Scans not stored yet", "livesum"),
    "known_age": ("ksdb_known_age_seconds", "Since what is known was held against the database", "livemax"),
    "cards": ("ksdb_cards_known", "Cards in memory", "livemax"),
    "lag": ("ksdb_loop_lag_seconds", "By how much the event loop was late", "livemax"),
}


class Metrics:
    """Counted in plain numbers, handed over now and then: a counter of the library costs more than a decision.

    A process that is killed loses what it counted since it last did, at most HAND_OVER_SECONDS of it.
    """

    def __init__(self) -> None:
        import prometheus_client as library

        self._library = library
        self._registry = library.CollectorRegistry()
        self._scans = library.Counter("ksdb_scans", "Scans stored, by result", ["result"], registry=self._registry)
        self._before = library.Counter("ksdb_scans_before", "Scans that had arrived before", registry=self._registry)
        self._refusals = library.Counter(
            "ksdb_uploads_refused", "Requests not taken, by error", ["error"], registry=self._registry
        )
        self._seconds = library.Histogram(
            "ksdb_upload_seconds", "From request to answer", buckets=SECONDS, registry=self._registry
        )
        self._gauges = {name: self._gauge(*said) for name, said in GAUGES.items()}
        self.results: Counter[int] = Counter()
        self.refused: Counter[str] = Counter()
        self.before_count = 0

    def _gauge(self, name: str, text: str, mode: Mode) -> "Gauge":
        return self._library.Gauge(name, text, registry=self._registry, multiprocess_mode=mode)

    def observe_upload(self, seconds: float) -> None:
        self._seconds.observe(seconds)

    def text(self, **gauges: float) -> bytes:
        """All processes' counts in the text format of Prometheus."""
        self.hand_over(**gauges)
        if FOLDER not in os.environ:
            return self._library.generate_latest(self._registry)
        from prometheus_client.multiprocess import MultiProcessCollector

        _forget_the_dead(Path(os.environ[FOLDER]))
        registry = self._library.CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return self._library.generate_latest(registry)

    def hand_over(self, **gauges: float) -> None:
        results, self.results = self.results, Counter()
        for result, count in results.items():
            self._scans.labels(ScanResult(result).code).inc(count)
        refused, self.refused = self.refused, Counter()
        for code, count in refused.items():
            self._refusals.labels(code).inc(count)
        before, self.before_count = self.before_count, 0
        self._before.inc(before)
        for name, value in gauges.items():
            self._gauges[name].set(value)
