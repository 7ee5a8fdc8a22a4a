"""The commands start on a machine where nothing is set up yet: no settings, no var folder, no database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("arguments", [["--help"], ["keys", "--help"], ["card", "inspect", "123"], ["init"]])
def test_a_command_starts_where_nothing_is_set(arguments: list[str], tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("KSDB_", "DJANGO_"))}
    code = "from ksdb.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=tmp_path, env=bare, capture_output=True, check=False, timeout=60
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    assert done.returncode in {0, 1}


@pytest.mark.parametrize("arguments", [["list"], ["make"], ["rotate"], ["retire", "1"], ["export", "list"]])
def test_a_command_of_keys_comes_as_far_as_the_database(arguments: list[str], tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("KSDB_", "DJANGO_"))}
    bare["KSDB_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    code = "from ksdb.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "keys", *arguments],
        cwd=tmp_path, env=bare, capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert b"ImproperlyConfigured" not in said
    assert b"OperationalError" in said
