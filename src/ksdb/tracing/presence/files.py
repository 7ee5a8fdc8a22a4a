"""The index on disk: two files a day, and a manifest that says which of them count.

A file is written under another name, forced to disk and then renamed, the manifest last: after a crash the old manifest
stands with the old files, or the new with the new. What no manifest names is removed by the next refresh.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ksdb.core.errors import KsdbError

VERSION = 2
MANIFEST = "manifest.json"


class IndexDamaged(KsdbError):
    """A file of the presence index is damaged. Run `ksdb index rebuild`; until then traces are answered by SQL."""

    code = "index_damaged"
    status = 503


class IndexBusy(KsdbError):
    """The presence index is being refreshed by another process. Wait a minute, then try again."""

    code = "index_busy"
    status = 503


@dataclass(frozen=True)
class Stored:
    """A file with arrays one after the other: its name, the length of each, and its SHA-256."""

    name: str
    sizes: tuple[int, ...]
    sha256: str

    @property
    def byte_count(self) -> int:
        return 4 * sum(self.sizes)


@dataclass(frozen=True)
class StoredDay:
    """A day: its number 20261123, the table it was read from, how many visits, when it begins, and its two files.

    `disputes` is the hash of the visits that counted no more when it was read.
    """

    day: int
    table_id: int
    visits: int
    base: int
    scans: Stored
    stays: Stored
    disputes: str = ""


@dataclass(frozen=True)
class Manifest:
    """Which files count, and of which visits they tell.

    They tell of all visits that transactions before `horizon` stored, and of no other. A transaction from `horizon` on
    stored nothing that arrived before `floor` (in milliseconds of the epoch; None: unknown). `seen` are past pairs of
    (first transaction to come, instant), by which the next floor is found.
    """

    database: str
    horizon: int
    floor: int | None
    seen: tuple[tuple[int, int], ...]
    usual: Stored
    made_at: int
    days: tuple[StoredDay, ...] = field(default_factory=tuple)

    @property
    def byte_count(self) -> int:
        return sum(day.scans.byte_count + day.stays.byte_count for day in self.days)

    @property
    def visits(self) -> int:
        return sum(day.visits for day in self.days)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest, or None when there is none; proved anew only when there is another file. Raises IndexDamaged."""
    path = folder / MANIFEST
    try:
        stat = path.stat()
        return _proved(path, (stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size))
    except FileNotFoundError:
        return None


@lru_cache(maxsize=2)
def _proved(path: Path, _: tuple[int, ...]) -> Manifest | None:
    """The manifest in a file; the numbers tell it from what stood there before."""
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise IndexDamaged(MANIFEST) from error
    if not isinstance(whole, dict) or whole.get("version") != VERSION:
        return None
    if whole.get("sha256") != _digest(whole["body"]):
        raise IndexDamaged(MANIFEST)
    return _manifest(whole["body"])


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Makes the manifest the one that counts, and removes the files that it does not name."""
    body = json.loads(json.dumps(asdict(manifest)))
    text = json.dumps({"version": VERSION, "sha256": _digest(body), "body": body})
    _put(folder / MANIFEST, text.encode())
    named = {MANIFEST, "lock", manifest.usual.name}
    named |= {file.name for day in manifest.days for file in (day.scans, day.stays)}
    for path in folder.iterdir():
        if path.name not in named:
            path.unlink(missing_ok=True)


def store(folder: Path, name: str, arrays: Sequence[NDArray[np.int32]]) -> Stored:
    """Writes the arrays into one file whose name also tells its content, so that no name ever means two contents."""
    data = np.concatenate([np.asarray(array, np.int32) for array in arrays])
    content = data.tobytes()
    sha256 = hashlib.sha256(content).hexdigest()
    full_name = f"{name}-{sha256[:12]}.i32"
    _put(folder / full_name, content)
    return Stored(full_name, tuple(int(array.size) for array in arrays), sha256)


def mapped(folder: Path, stored: Stored) -> list[NDArray[np.int32]]:
    """The arrays of a file, read only, as far as they are looked at. Raises IndexDamaged when it is too short."""
    path = folder / stored.name
    try:
        if path.stat().st_size != stored.byte_count:
            raise IndexDamaged(stored.name)
        whole = np.asarray(np.memmap(path, np.int32, "r")) if stored.byte_count else np.zeros(0, np.int32)
    except FileNotFoundError as error:
        raise IndexDamaged(stored.name) from error
    whole.flags.writeable = False
    ends = np.cumsum(stored.sizes)
    return [whole[end - size : end] for end, size in zip(ends.tolist(), stored.sizes, strict=True)]


def damaged(folder: Path, manifest: Manifest) -> list[str]:
    """The names of files whose content is not what was written. Reads all of them."""
    files = [manifest.usual, *(file for day in manifest.days for file in (day.scans, day.stays))]
    return [file.name for file in files if not _is_whole(folder / file.name, file)]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Nobody else refreshes the index meanwhile. Raises IndexBusy."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise IndexBusy from error
        try:
            yield
        finally:
            flock(file, LOCK_UN)


def _is_whole(path: Path, stored: Stored) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == stored.sha256


def _put(path: Path, data: Any) -> None:
    waiting = path.with_name(path.name + ".new")
    with os.fdopen(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    waiting.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _digest(body: Any) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _manifest(body: dict[str, Any]) -> Manifest:
    days = tuple(
        StoredDay(**{**day, "scans": _stored(day["scans"]), "stays": _stored(day["stays"])}) for day in body["days"]
    )
    seen = tuple((int(first), int(at)) for first, at in body["seen"])
    return Manifest(**{**body, "usual": _stored(body["usual"]), "days": days, "seen": seen})


def _stored(body: dict[str, Any]) -> Stored:
    return Stored(body["name"], tuple(body["sizes"]), body["sha256"])
