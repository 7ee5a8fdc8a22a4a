"""Who may import whom: the contracts of pyproject.toml, and that each room stands in them."""

import subprocess
import sys
import tomllib

from tests.house.code import ROOT, SOURCE

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]


def test_the_contracts_are_kept() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_is_excepted() -> None:
    assert [contract["name"] for contract in CONTRACTS if "ignore_imports" in contract] == []


def test_each_room_with_tables_is_in_the_contract_about_its_inside() -> None:
    (inside,) = [contract for contract in CONTRACTS if contract["name"].startswith("Inside a room")]
    rooms = {f"ksdb.{path.parent.name}" for path in SOURCE.glob("*/models.py")}
    assert rooms <= set(inside["containers"])


def test_the_gateway_is_kept_from_every_room_of_the_site() -> None:
    (forbidden,) = [contract for contract in CONTRACTS if contract["type"] == "forbidden"]
    apart = {"cli", "site", "gateway", "core", "config", "postgres"}
    rooms = {f"ksdb.{path.name}" for path in SOURCE.iterdir() if (path / "__init__.py").exists()}
    assert rooms - {f"ksdb.{name}" for name in apart} <= set(forbidden["forbidden_modules"])
