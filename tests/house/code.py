"""The source of ksdb as syntax trees, for tests that hold the house to its rules."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "src" / "ksdb"

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file: its path from `src/ksdb`, its text, its tree."""

    name: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        return self.name.split("/", 1)[0]


def parsed(text: str, name: str = "room/actions.py") -> Module:
    return Module(name, text, ast.parse(text))


@cache
def modules() -> tuple[Module, ...]:
    """Every module of ours; migrations are Django's writing."""
    paths = sorted(path for path in SOURCE.rglob("*.py") if "migrations" not in path.parts)
    assert paths
    return tuple(parsed(path.read_text("utf-8"), path.relative_to(SOURCE).as_posix()) for path in paths)


def functions(tree: ast.AST) -> Iterator[Function]:
    """All functions and methods, inner ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def parameters(function: Function) -> list[ast.arg]:
    """All named parameters but self and cls."""
    named = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [argument for argument in named if argument.arg not in {"self", "cls"}]
