"""How the gateway is started: the granian command, for `ksdb up`, for tests and for benchmarks."""

import sys


def command(host: str, port: int, workers: int = 1) -> list[str]:
    """The program and its arguments. It reads its settings from the environment and stops, drained, on SIGTERM."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop", "--http", "1"),
        *("--host", host, "--port", str(port), "--workers", str(workers)),
        *("--http1-buffer-size", "65536", "--http1-header-read-timeout", "10000"),  # headers: 64 KiB in ten seconds
        *("--log-level", "warning", "--workers-kill-timeout", "30", "--runtime-blocking-threads", "1"),
        "ksdb.gateway.app:application",
    ]
