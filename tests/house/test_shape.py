"""How our code reads, in numbers (the budgets of the house), and the one clock."""

import ast
import re
import statistics
from collections.abc import Iterator

import pytest
from tests.house.code import SOURCE, Function, Module, calls, functions, modules, parameters, parsed

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 80
MOST_PARAMETERS = 5
MEDIAN_LINES = 10
LINES_OF_95_PERCENT = 45
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "misc"}

# The wall clock by other names. Monotonic clocks and time.sleep measure lengths, not instants, and are free to all.
CLOCKS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
    "timezone": {"now", "localdate", "localtime"},
}


def lines_of(function: Function) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def test_no_file_has_a_name_that_says_nothing() -> None:
    names = {part for module in modules() for part in module.name.removesuffix(".py").split("/")}
    assert names & NAMES_THAT_SAY_NOTHING == set()


def test_files_are_short() -> None:
    counts = {module.name: len(module.text.splitlines()) for module in modules()}
    assert {name: count for name, count in counts.items() if count > MOST_LINES_OF_A_FILE} == {}


def test_functions_are_short() -> None:
    lengths = {f"{m.name}:{f.name}": lines_of(f) for m in modules() for f in functions(m.tree)}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}
    ordered = sorted(lengths.values())
    assert statistics.median(ordered) <= MEDIAN_LINES
    assert ordered[len(ordered) * 95 // 100] <= LINES_OF_95_PERCENT


def test_functions_take_few_parameters() -> None:
    counts = {f"{m.name}:{f.name}": len(parameters(f)) for m in modules() for f in functions(m.tree)}
    assert {name: count for name, count in counts.items() if count > MOST_PARAMETERS} == {}


def test_modules_open_with_a_sentence() -> None:
    openings = {m.name: (ast.get_docstring(m.tree) or "").partition("\n")[0] for m in modules() if m.text}
    assert [
        name for name, opening in openings.items() if not re.match(r"[A-Z`]|ksdb", opening) or len(opening) < 10
    ] == []
    assert [name for name, opening in openings.items() if not opening.endswith((".", "`"))] == []


def clocks(module: Module) -> Iterator[str]:
    """Calls that ask another clock than `core.clock`."""
    imported = {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    for call in calls(module.tree):
        owner, name = _called(call.func, imported)
        if name in CLOCKS.get(owner, ()):
            yield f"{module.name}:{call.lineno}: {ast.unparse(call)}"


def _called(function: ast.expr, imported: dict[str, tuple[str, str]]) -> tuple[str, str]:
    """Of a call: the class or module it belongs to, and its name."""
    if isinstance(function, ast.Name):
        source, name = imported.get(function.id, ("", function.id))
        return source.rpartition(".")[2], name
    if isinstance(function, ast.Attribute):
        owner = ast.unparse(function.value).rpartition(".")[2]
        return imported.get(owner, ("", owner))[1], function.attr
    return "", ""


def test_there_is_one_clock() -> None:
    assert [line for m in modules() if m.name != "core/clock.py" for line in clocks(m)] == []


def test_tables_take_their_instants_from_it_too() -> None:
    """`auto_now` and worked out database defaults ask other clocks. The account's, Django's own idea, is accepted."""
    found = [
        f"{module.name}: {keyword.arg}"
        for module in modules()
        if module.name.endswith("models.py")
        for call in calls(module.tree)
        for keyword in call.keywords
        if keyword.arg in {"auto_now", "auto_now_add", "db_default"} and not _is_constant(keyword)
    ]
    assert found == ["access/models.py: auto_now_add"]


def _is_constant(keyword: ast.keyword) -> bool:
    is_empty = isinstance(keyword.value, ast.Dict) and not keyword.value.keys
    return keyword.arg == "db_default" and (is_empty or isinstance(keyword.value, ast.Constant))


@pytest.mark.parametrize(
    ("code", "is_clock"),
    [
        ("from datetime import datetime\ndatetime.now(UTC)", True),
        ("from datetime import datetime as dt\ndt.utcnow()", True),
        ("import datetime\ndatetime.datetime.now()", True),
        ("from datetime import date\ndate.today()", True),
        ("import time\ntime.time()", True),
        ("from time import time_ns as ns\nns()", True),
        ("from django.utils import timezone\ntimezone.now()", True),
        ("import time\ntime.monotonic()", False),
        ("from ksdb.core.clock import now\nnow()", False),
        ("from ksdb.core import clock\nclock.now()", False),
        ("from datetime import datetime\ndatetime.combine(a, b)", False),
    ],
)
def test_the_rule_sees(code: str, is_clock: bool) -> None:
    assert bool(list(clocks(parsed(code)))) == is_clock


def test_rooms_are_folders_with_a_sentence() -> None:
    folders = {path.parent.name for path in SOURCE.glob("*/*.py")}
    assert [name for name in folders if f"{name}/__init__.py" not in {module.name for module in modules()}] == []
