"""A worker is killed in the middle of an import; the next one goes on behind it."""

import signal
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path

import openpyxl
import psutil
import pytest
from django.db import connection
from tests.conftest import commune
from tests.registry.lists import HEADING, counts, person
from tests.registry.test_actions import _url

from ksdb.config import settings
from ksdb.core.scope import system_scope
from ksdb.places.models import Division
from ksdb.registry import preparing
from ksdb.registry.actions import resume_broken, run_import, start_import
from ksdb.registry.models import Import, ImportProblem, Resident
from ksdb.registry.queries import imports_dir

ROWS, CHUNK = 8_200, 1_000
"""Nine parts instead of as many of 5,000, and still so many that a second process reads them: it must end with the
killed one."""
WORKER = """
import django
django.setup()
from ksdb.core.scope import system_scope
from ksdb.registry import preparing
preparing.CHUNK_ROWS = {chunk}
preparing.ROWS_WORTH_A_PROCESS = 5 * preparing.CHUNK_ROWS
from ksdb.registry.actions import run_import
if __name__ == "__main__":
    run_import(system_scope(), {number})
"""
SYSTEM = system_scope()


def long_list(count: int = ROWS) -> bytes:
    """Every 29th row has a doubt, every 31st a fault, and the last names the first person again."""
    rows = []
    for n in range(1, count):
        name = "Trần Thị Hoa" if n % 31 else "Trần Thị Hoa 2"
        rows.append(person(n, name=name, id_number=f"046156{n:06d}", phone="12" if n % 29 == 0 else None))
    rows.append(person(count, id_number="046156000001"))
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in (HEADING, *rows)]
    return "\n".join(lines).encode()


def killed_in_the_middle(source: Import, tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(WORKER.format(number=source.pk, chunk=CHUNK))
    worker = subprocess.Popen(
        [sys.executable, str(script)],
        env={
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": ":".join(sys.path),
            "DJANGO_SETTINGS_MODULE": "ksdb.site.owner",
            "KSDB_DATABASE_URL": _url(),
            "KSDB_VAR_DIR": str(settings().var_dir.resolve()),
        },
    )
    deadline, others = time.monotonic() + 120, []
    while worker.poll() is None and time.monotonic() < deadline:
        source.refresh_from_db()
        if source.resume_row:
            others = psutil.Process(worker.pid).children(recursive=True)
            worker.send_signal(signal.SIGKILL)
            break
        time.sleep(0.01)
    assert worker.wait() == -signal.SIGKILL
    assert others
    assert psutil.wait_procs(others, timeout=30)[1] == []


def wait_until_left(source: Import) -> None:
    """The server notices a moment later that nobody is there any more."""
    deadline = time.monotonic() + 60
    while source.pk not in [one.pk for one in resume_broken(SYSTEM)]:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    book = openpyxl.load_workbook(BytesIO(path.read_bytes()), read_only=True)
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


@pytest.mark.django_db(transaction=True)
def test_a_killed_import_goes_on_where_it_stopped(
    clean_registry: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "ROWS_WORTH_A_PROCESS", 5 * CHUNK)
    home: Division = commune("Phường Hương Vân")
    data = long_list()
    source = start_import(SYSTEM, home.pk, "ds.csv", data)
    killed_in_the_middle(source, tmp_path)
    source.refresh_from_db()
    before, resumed_at = Resident.objects.count(), source.resume_row
    assert 0 < before < ROWS
    assert source.status == "running"
    wait_until_left(source)
    highest = Resident.objects.order_by("-pk").values_list("pk", flat=True)[0]
    done = run_import(SYSTEM, source.pk)
    assert Resident.objects.filter(pk__gt=highest).order_by("source_row")[0].source_row > resumed_at  # type: ignore[operator]
    numbers, people = counts(done), set(Resident.objects.values_list("source_row", "full_name"))
    said = set(ImportProblem.objects.filter(source=done).values_list("row_number", "code", "other_row"))
    book = rows_of(imports_dir() / done.rejected_path)
    assert sum(numbers) == ROWS
    assert (ROWS + 1, "id_number_twice", 2) in said

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE resident, household CASCADE")
    whole = run_import(SYSTEM, start_import(SYSTEM, home.pk, "ds.csv", data).pk)
    assert counts(whole) == numbers
    assert set(Resident.objects.values_list("source_row", "full_name")) == people
    assert set(ImportProblem.objects.filter(source=whole).values_list("row_number", "code", "other_row")) == said
    assert rows_of(imports_dir() / whole.rejected_path) == book
