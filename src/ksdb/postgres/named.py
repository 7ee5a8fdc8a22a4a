"""Named, described SQL kept in files.

A room's `sql/*.sql` holds queries like

    -- name: visits_of
    -- One row per visit of a resident, latest first. One index scan per day.
    SELECT ...

with `%(parameter)s` for what varies. Nothing is ever pasted into them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_HEAD = re.compile(r"^-- name: (\w+)\n((?:-- .*\n)+)", re.MULTILINE)


class QueryUndescribed(Exception):
    """A query in a .sql file lacks its `-- name:` line or a description below it."""


@dataclass(frozen=True)
class Query:
    """One query: what it is called, what it answers, and its text."""

    name: str
    description: str
    text: str


@cache
def queries_in(package: str) -> dict[str, Query]:
    """All queries of a room by name, e.g. `queries_in("ksdb.tracing")`."""
    folder = files(package) / "sql"
    found: dict[str, Query] = {}
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.endswith(".sql"):
            found |= {query.name: query for query in parsed(path.read_text(encoding="utf-8"))}
    return found


def parsed(text: str) -> Iterator[Query]:
    """The queries of one file. Raises QueryUndescribed when text stands before a head or a query has no description."""
    heads = list(_HEAD.finditer(text))
    if not heads or text[: heads[0].start()].strip() or text.count("-- name:") != len(heads):
        raise QueryUndescribed(text[:80])
    ends = [head.start() for head in heads[1:]] + [len(text)]
    for head, end in zip(heads, ends, strict=True):
        description = " ".join(line.removeprefix("-- ") for line in head[2].splitlines())
        yield Query(head[1], description, text[head.end() : end].strip().rstrip(";"))


def sql(package: str, name: str) -> str:
    """The text of one query of a room."""
    return queries_in(package)[name].text
