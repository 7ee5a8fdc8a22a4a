"""SQL is named, described, used, and never pasted together."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.house.code import SOURCE, Module, calls, modules, parsed

from ksdb.postgres.named import Query, queries_in
from ksdb.postgres.named import parsed as queries_of

FILES = sorted(SOURCE.glob("*/sql/*.sql"))
NO_PARAMETER = re.compile(r"%(?!\(\w+\)s|%)|(?<!')\{\w*\}")
"""What would be filled in by something else than the driver: `%s`, `%d`, `{name}`. A quoted '{}' is an empty array."""

RUNS_SQL = {"execute", "executemany", "copy", "raw", "RawSQL", "RunSQL", "extra"}


def queries(path: Path) -> list[Query]:
    return list(queries_of(path.read_text("utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_each_query_is_described_and_takes_parameters_only(path: Path) -> None:
    for query in queries(path):
        assert len(query.description) > 20, query.name
        assert query.text, query.name
        assert not NO_PARAMETER.search(query.text), query.name


@pytest.mark.parametrize("room", sorted({path.parts[-3] for path in FILES}))
def test_each_query_has_its_name_alone_and_is_used(room: str) -> None:
    names = Counter(query.name for path in FILES if path.parts[-3] == room for query in queries(path))
    assert set(names.values()) == {1}
    assert set(names) == set(queries_in(f"ksdb.{room}"))
    words = {
        node.value
        for module in modules()
        if module.room == room
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
    }
    assert [name for name in names if name not in words] == []


def pasted(module: Module) -> Iterator[str]:
    """Calls that run SQL which is neither a constant, nor a named query, nor composed by psycopg."""
    for call in calls(module.tree):
        function = call.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name in RUNS_SQL and call.args and not _is_safe(call.args[0], module):
            yield f"{module.name}:{call.lineno}: {ast.unparse(call)}"
        if name in {"SQL", "sql"} and not all(_is_word(argument) for argument in call.args):
            yield f"{module.name}:{call.lineno}: {ast.unparse(call)}"


def _is_safe(text: ast.expr, module: Module) -> bool:
    match text:
        case ast.Constant(value=str()):
            return True
        case ast.Call(func=ast.Name(id="sql")):
            return True
        case ast.Call(func=ast.Attribute(value=ast.Call(func=composer), attr="format")):
            return ast.unparse(composer).endswith("SQL")
        case ast.Name(id=name):
            values = list(_assigned(name, module))
            return bool(values) and all(_is_safe(value, module) for value in values)
    return False


def _is_word(argument: ast.expr) -> bool:
    """A constant or a name, which `sql` looks up among the queries of the files."""
    return isinstance(argument, ast.Constant | ast.Name)


def _assigned(name: str, module: Module) -> Iterator[ast.expr]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            yield node.value


def test_no_sql_is_pasted_together() -> None:
    assert [line for module in modules() for line in pasted(module)] == []


@pytest.mark.parametrize(
    ("code", "is_pasted"),
    [
        ("cursor.execute('SELECT %s', [1])", False),
        ("cursor.execute(sql('ksdb.room', 'people'), given)", False),
        ("cursor.execute(sql('ksdb.room', name), given)", False),
        ("cursor.execute(SQL('COPY {}').format(Identifier(table)))", False),
        ("cursor.execute(psycopg.sql.SQL('COPY {}').format(Identifier(table)))", False),
        ("TEXT = 'SELECT 1'\ncursor.execute(TEXT)", False),
        ("cursor.execute(f'SELECT {name}')", True),
        ("cursor.execute('SELECT %s' % name)", True),
        ("cursor.execute('SELECT ' + name)", True),
        ("cursor.execute('SELECT {}'.format(name))", True),
        ("text = f'SELECT {name}'\ncursor.execute(text)", True),
        ("def run(text): cursor.execute(text)", True),
        ("cursor.execute(sql('ksdb.room', 'people') + ' LIMIT 1')", True),
        ("cursor.execute(SQL(f'COPY {table}').format())", True),
        ("Resident.objects.raw(f'SELECT {name}')", True),
    ],
)
def test_the_rule_sees(code: str, is_pasted: bool) -> None:
    assert bool(list(pasted(parsed(code)))) == is_pasted
