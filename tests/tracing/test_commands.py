"""`ksdb index …` as somebody types it, on a log that has grown since."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from tests.tracing.conftest import ScanAt, moment
from typer.testing import CliRunner

from ksdb.cli import app
from ksdb.config import make_secrets, settings
from ksdb.core.clock import today
from ksdb.core.scope import Scope, system_scope
from ksdb.places.models import ScanPoint
from ksdb.registry.models import Resident

pytestmark = pytest.mark.django_db(transaction=True)
"""The index holds what was committed."""


@pytest.fixture
def profiles(clean_registry: None) -> Scope:
    """Before all that commits: days for the visits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions(%s, %s)", [moment(0).date(), today()])
    return system_scope()


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """With files of its own, and a database that is not the commands' to stop."""
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "ksdb.site.settings")  # the commands set theirs
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def said(*arguments: str) -> str:
    done = CliRunner().invoke(app, ["index", *arguments], catch_exceptions=False)
    assert done.exit_code == 0
    return " ".join(done.output.split())


def test_the_index_is_made_grows_old_and_is_verified(
    market_day: None, scan: ScanAt, lan: Resident, market_a: ScanPoint, own_var_dir: Path
) -> None:
    assert "There is no index of this database." in said("status")
    assert said("rebuild") == "8 visits of 3 days"
    scan(lan, market_a, moment(10))
    fresh = said("status")
    assert fresh.startswith("Traces use the index. 8 visits of 3 days")
    assert "1 newer visits are read beside it" in fresh
    assert "Every file is whole." in said("status", "--verify")
    segment = max((own_var_dir / "presence").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    segment.write_bytes(segment.read_bytes()[:-4] + b"\xff\xff\xff\xff")
    assert "Made anew, for this was wrong:" in said("status", "--verify")
    assert "Every file is whole." in said("status", "--verify")
