"""Goes through a workbook once in a process of its own, within limits: what breaks a reader must not break the worker.

A workbook of five kilobytes can ask for a rectangle of 17 thousand million cells, and the reader, written in Rust, ends
its process when memory is refused.
"""

import resource
import subprocess
import sys
from pathlib import Path

from ksdb.core.errors import KsdbError
from ksdb.registry.reading import read_list

MOST_BYTES = 2 * 2**30
"""200,000 rows of a ward's list take a third of it."""

MOST_SECONDS = 120


class FileTooHeavy(KsdbError):
    """Reading this file takes more memory or time than an import may. Copy the list alone into a new workbook."""

    code = "file_too_heavy"
    status = 413


def require_bearable(path: Path) -> None:
    """Raises FileTooHeavy for a workbook that cannot be gone through within the limits. Takes as long as reading it."""
    command = [sys.executable, "-m", "ksdb.registry.probing", str(path), str(MOST_BYTES), str(MOST_SECONDS)]
    try:
        done = subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=2 * MOST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise FileTooHeavy from error
    if done.returncode:
        raise FileTooHeavy


def _go_through(path: Path) -> None:
    try:
        for _ in read_list(path).rows:
            pass
    except KsdbError:
        return  # whoever imports the file meets the same, and says it


if __name__ == "__main__":
    for kind, most in ((resource.RLIMIT_AS, sys.argv[2]), (resource.RLIMIT_CPU, sys.argv[3])):
        resource.setrlimit(kind, (int(most), int(most)))
    _go_through(Path(sys.argv[1]))
