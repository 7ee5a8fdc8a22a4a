"""Deletes files and says so in the trail: name, size and hash prove which file it was."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.core.clock import from_ms
from ksdb.core.scope import Scope


def files_before(folder: Path, before: datetime) -> list[Path]:
    """The files of a folder that were last written before the instant, oldest first."""
    files = [path for path in folder.glob("*") if path.is_file() and written_at(path) < before]
    return sorted(files, key=written_at)


def written_at(path: Path) -> datetime:
    return from_ms(path.stat().st_mtime_ns // 1_000_000)


def erase_files(scope: Scope, action: str, paths: Iterable[Path]) -> int:
    """Deletes the files, each with its own entry in the trail; returns how many."""
    count = 0
    for path in paths:
        with transaction.atomic():
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            detail = {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256}
            record(scope, action, detail=detail)
            path.unlink()
        count += 1
    return count
