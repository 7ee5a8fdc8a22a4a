"""The threat model names tests: each is there, and each file of attacks is spoken of."""

import ast
import re

from tests.house.code import ROOT

NAMED = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def named_in(name: str) -> set[str]:
    """The tests in all files of that name."""
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "tests").rglob(name)]
    return {node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_test_that_is_named_exists() -> None:
    named = NAMED.findall((ROOT / "docs" / "threat-model.md").read_text("utf-8"))
    assert len(named) > 40
    assert [(file, test) for file, test in named if test not in named_in(file)] == []


def test_each_file_of_attacks_is_spoken_of() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
    files = {path.name for path in (ROOT / "tests" / "attacks").glob("test_*.py")}
    assert {file for file in files if file not in text} == set()
