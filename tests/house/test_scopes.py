"""Whoever reads or writes a room's tables says in whose name: `scope: Scope` comes first."""

import ast
from collections.abc import Iterator

import pytest
from tests.house.code import Function, Module, functions, modules, parameters, parsed

WITHOUT_SCOPE = {
    "access.queries.scope_of": "makes the scope that all others take",
    "cards.actions.digest": "a hash of numbers; reads nothing",
    "cards.actions.token_sha256": "a hash of a text; reads nothing",
    "cards.queries.printing.prints_dir": "a folder's path; reads nothing",
    "places.queries.inside": "narrows by the public structure, in addition to the caller's condition of jurisdiction",
    "registry.queries.imports_dir": "a folder's path; reads nothing",
    "tracing.actions.running.one_snapshot": "a transaction; reads nothing of anybody",
    "tracing.queries.periods.period_of": "computed from a case that was read under a scope",
}


def doors(module: Module) -> Iterator[Function]:
    """The public functions of a room's queries and actions, whether file or folder."""
    parts = module.name.removesuffix(".py").split("/")
    if {"queries", "actions"} & set(parts[1:]):
        yield from (node for node in module.tree.body if isinstance(node, Function) and not node.name.startswith("_"))


def named(module: Module, function: Function) -> str:
    path = module.name.removesuffix(".py").removesuffix("/__init__")
    return f"{path.replace('/', '.')}.{function.name}"


def takes_scope_first(function: Function) -> bool:
    first = next(iter(function.args.posonlyargs + function.args.args), None)
    is_scope = first is not None and first.annotation is not None and ast.unparse(first.annotation) == "Scope"
    return is_scope and first is not None and first.arg == "scope"


def test_public_functions_of_queries_and_actions_take_a_scope_first() -> None:
    without = {named(m, f) for m in modules() for f in doors(m) if not takes_scope_first(f)}
    assert without == set(WITHOUT_SCOPE)


def test_they_use_it() -> None:
    """A scope that nobody looks at is decoration."""
    idle = [
        named(module, function)
        for module in modules()
        for function in doors(module)
        if takes_scope_first(function)
        and not any(isinstance(node, ast.Name) and node.id == "scope" for node in ast.walk(function))
    ]
    assert idle == []


@pytest.mark.parametrize(
    ("code", "is_held"),
    [
        ("def people(scope: Scope, name: str): ...", True),
        ("def people(name: str, scope: Scope): ...", False),
        ("def people(*, scope: Scope): ...", False),
        ("def people(scope): ...", False),
        ("async def people(): ...", False),
    ],
)
def test_the_rule_sees(code: str, is_held: bool) -> None:
    (function,) = doors(parsed(code, "room/queries/people.py"))
    assert takes_scope_first(function) == is_held


def test_views_and_jobs_are_no_doors() -> None:
    assert not list(doors(parsed("def page(request): ...", "room/views.py")))


def test_no_class_of_actions_is_public_work() -> None:
    """Errors and values aside, what acts is a function: a public class's methods would pass the rule above unseen."""
    acting = [
        f"{module.name}: {node.name}.{method.name}"
        for module in modules()
        if "/actions" in module.name
        for node in module.tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
        for method in functions(node)
        if not method.name.startswith("_") and parameters(method)
    ]
    assert acting == []
