"""`ksdb visits import` against a gateway that runs: stored once, nothing quoted, resumed after a failure."""

import csv
import subprocess
import sys
from pathlib import Path

import pytest
from tests.gateway.devices import free_port, gateway
from tests.gateway.town import HELD, LAN, LOST_TOKEN, SCHOOL, SCHOOL_TOKEN, Town, now_ms, resident_of, token_of

from ksdb.core.ids import card_number

pytestmark = pytest.mark.django_db


def imported(path: Path, port: int, token: str = SCHOOL_TOKEN, *more: str) -> subprocess.CompletedProcess[str]:
    secret = path.with_suffix(".token")
    secret.write_text(token + "\n")
    command = [
        sys.executable,
        "-c",
        "from ksdb.cli import main; main()",
        "visits",
        "import",
        str(path),
        "--device",
        str(secret),
    ]
    address = ["--gateway", f"http://127.0.0.1:{port}"]
    return subprocess.run([*command, *address, *more], capture_output=True, text=True, timeout=60, check=False)


def register(path: Path, count: int, *, first: int = 1) -> Path:
    """Pupils through a school's gate, a second apart; the register numbers its records."""
    at = now_ms() - 3_600_000
    lines = [f"{at + n * 1000},{token_of(LAN)},{n}" for n in range(first, first + count)]
    path.write_text("\n".join(["scanned_at,token,sequence", *lines]))
    return path


def test_a_register_is_stored_once_however_often_it_is_sent(town: Town, tmp_path: Path) -> None:
    path = register(tmp_path / "gate.csv", 1_203)
    with gateway(town.url) as process:
        once, again = imported(path, process.port), imported(path, process.port)
    assert (once.returncode, again.returncode) == (0, 0), once.stderr + again.stderr
    assert "1,203 stored, 0 stored before, 0 left out" in once.stdout
    assert "0 stored, 1,203 stored before, 0 left out" in again.stdout
    assert town.rows("SELECT DISTINCT point_id, device_id FROM visit") == [(SCHOOL, 2)]
    assert [row[1] for row in town.visits()] == list(range(1, 1_204))


def test_each_row_is_accounted_for_and_none_is_quoted(town: Town, tmp_path: Path) -> None:
    number = card_number(LAN)
    town.rows('UPDATE card SET number = %s WHERE "index" = %s', number, LAN)
    at = now_ms() - 60_000
    path, report = tmp_path / "hotel.csv", tmp_path / "report.csv"
    path.write_text(
        "scanned_at,number,token,foreign_kind,id_key,guest\n"
        f"{at},{number},,,,Nguyễn Thị Lan\n"
        f"{at},,{token_of(HELD)},,,Trần Văn Giữ\n"
        f"{at},079201001234,,,,Lê Thị Nhầm\n"
        f"{at},,,vneid,{'ab' * 16},Phan Văn Lạ\n"
    )
    with gateway(town.url) as process:
        done = imported(path, process.port, SCHOOL_TOKEN, "--report", str(report))
    assert done.returncode == 1
    rows = list(csv.DictReader(report.read_text(encoding="utf-8").splitlines()))
    assert [(row["row"], row["stored"], row["result"]) for row in rows] == [
        ("2", "new", "accepted"),
        ("3", "new", "suspended"),
        ("4", "no", "bad_number"),
        ("5", "new", "unverified"),
    ]
    told = done.stdout + done.stderr + report.read_text(encoding="utf-8")
    assert not any(secret in told for secret in ("Lan", "Nhầm", "079201001234", number, SCHOOL_TOKEN))
    assert [visit[3] for visit in town.visits()].count(resident_of(LAN)) == 1


def test_a_check_sends_nothing(town: Town, tmp_path: Path) -> None:
    done = imported(register(tmp_path / "gate.csv", 3), free_port(), SCHOOL_TOKEN, "--check")
    assert done.returncode == 0
    assert "3 can be sent, 0 cannot" in done.stdout


def test_a_revoked_device_is_told_so_and_resumes_with_another_token(town: Town, tmp_path: Path) -> None:
    path = register(tmp_path / "gate.csv", 5)
    with gateway(town.url) as process:
        refused = imported(path, process.port, LOST_TOKEN)
        assert refused.returncode == 1
        assert "was taken out of service" in refused.stderr
        assert LOST_TOKEN not in refused.stderr
        assert imported(path, process.port).returncode == 0
    assert len(town.visits()) == 5
