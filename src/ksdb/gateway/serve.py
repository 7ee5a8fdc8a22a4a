"""How the gateway is served: the command, for `ksdb up`, for tests and for benchmarks, and what it runs."""

import argparse
import resource
import signal
import sys

import uvicorn

DRAIN_SECONDS = 30
MOST_FILES = 65_536
KEEP_ALIVE_SECONDS = 75
"""Longer than most proxies keep an idle connection, so that it is the proxy that closes it."""


def command(host: str, port: int, workers: int = 1) -> list[str]:
    """The program and its arguments. It reads its settings from the environment and stops, drained, on SIGTERM."""
    return [
        *(sys.executable, "-m", "ksdb.gateway.serve"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
    ]


def _end(_signal: int, _frame: object) -> None:
    sys.exit(0)


def _allow_files() -> None:
    """Each connection is a file to the system, which at first allows a thousand; children inherit what we may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def main() -> None:
    """Serves until SIGTERM; the proxy in front says who asks, and that is not believed here."""
    from ksdb.config import settings
    from ksdb.gateway.metrics import share_counts
    from ksdb.gateway.quick import QuickProtocol

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8001)
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    _allow_files()
    if given.workers > 1:
        share_counts(settings().var_dir / "metrics" / str(given.port))
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises the signal again when all is drained: that is no failure
    uvicorn.run(
        "ksdb.gateway.app:application",
        host=given.host,
        port=given.port,
        workers=given.workers,
        loop="uvloop",
        http=QuickProtocol,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


if __name__ == "__main__":
    main()
