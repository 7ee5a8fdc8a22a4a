"""The commands start where nothing is set up yet: the first one to run is the one that makes the secrets."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCES = Path(__file__).parents[2] / "src"


@pytest.mark.parametrize("settings_module", [None, "ksdb.site.settings"])
def test_the_commands_are_listed_without_secrets_and_without_a_database(
    settings_module: str | None, tmp_path: Path
) -> None:
    given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCES), "KSDB_VAR_DIR": str(tmp_path / "var")}
    if settings_module:
        given["DJANGO_SETTINGS_MODULE"] = settings_module
    command = [sys.executable, "-c", "from ksdb.cli import main; main()", "--help"]
    done = subprocess.run(command, env=given, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "doctor" in done.stdout
