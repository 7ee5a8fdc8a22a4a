"""Anchors: where the chain ended, minute by minute, in a file outside the database that is only ever added to."""

import os
from pathlib import Path

from ksdb.audit.chain import Head
from ksdb.config import settings
from ksdb.core.clock import now


def anchors_path() -> Path:
    return settings().var_dir / "audit" / "anchors"


def keep_anchor(head: Head) -> bool:
    """Adds a line for this end of the chain, unless the last line names it already."""
    path = anchors_path()
    if head.position <= _last_position(path):
        return False
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = f"{now():%Y-%m-%dT%H:%M:%SZ} {head.position} {head.hash.hex()}\n"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    return True


def _last_position(path: Path) -> int:
    """0 where nothing is anchored. Reads the end of the file only: a year has half a million lines."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1000))
        lines = file.read().splitlines()
    return int(lines[-1].split(b" ")[1]) if lines else 0


def anchors(path: Path | None = None) -> dict[int, bytes]:
    """The hash of the chain at each position that was anchored; of two lines for one position the first counts."""
    path = path or anchors_path()
    found: dict[int, bytes] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        _, position, digest = line.split(" ")
        found.setdefault(int(position), bytes.fromhex(digest))
    return found
