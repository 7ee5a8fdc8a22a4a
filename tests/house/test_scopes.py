"""Whoever reads or writes a room's tables says in whose name: `scope: Scope` comes first."""

import ast
from collections.abc import Iterator

import pytest
from tests.house.code import Function, Module, functions, modules, parameters, parsed

WITHOUT_SCOPE = {
    "access.queries.scope_of": "makes the scope that all others take",
    "cards.actions.drawing.file_sha256": "a hash of a file; reads no table",
    "cards.actions.people": "names subjects of the trail; reads nothing",
    "cards.actions.digest": "a hash of numbers; reads nothing",
    "cards.actions.token_sha256": "a hash of a text; reads nothing",
    "cards.queries.printing.prints_dir": "a folder's path; reads nothing",
    "followup.actions.set_days": "counts the exposures of a follow-up that was read under a scope",
    "followup.queries.first_day": "computed from a follow-up that was read under a scope",
    "places.queries.inside": "narrows by the public structure, in addition to the caller's condition of jurisdiction",
    "registry.queries.imports_dir": "a folder's path; reads nothing",
    "tracing.actions.running.one_snapshot": "a transaction; reads nothing of anybody",
    "tracing.queries.periods.period_of": "computed from a case that was read under a scope",
    "visits.actions.retiming.require_fit": "looks at what was counted under a scope; reads nothing",
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


NOTES = {"record", "record_deleted", "record_many", "spend", "spend_person_search", "spend_persons"}
"""What writes down who did something, or counts it, and asks nobody whether he may."""

DECIDES = {"allows", "divisions", "is_system", "outer", "own", "require", "require_own"}
"""What of a scope says what its actor may do; who it is and from where says nothing of that."""

OWN, TOLD = "the actor's own account or phone, by his number or its secret", "the caller has made sure"
UNASKED = {
    "access.actions.accept_invitation": "whoever has the link is who it is for",
    "access.actions.invited": "whoever has the link is who it is for",
    "access.actions.mark_seen": OWN,
    "access.actions.note_refusal": "writes down that somebody was refused",
    "access.actions.spend_person_search": "counts",
    "access.actions.spend_persons": "counts",
    "access.queries.has_second_factor": OWN,
    "access.queries.own_sessions": OWN,
    "wallet.queries.mine.reading": "makes the scope of the system in the name of whoever asks; `own_records` was asked",
    "audit.queries.details_of": "what the actor did himself",
    "audit.actions.record": "the trail takes an entry of everybody",
    "audit.actions.record_deleted": "the trail takes an entry of everybody",
    "audit.actions.record_many": "the trail takes an entry of everybody",
    "cards.actions.replacing.activate_by_token": TOLD,
    "notices.actions.keep_subscription": OWN,
    "notices.actions.make_notices": TOLD,
    "outreach.queries.record_shown": "writes down who was shown",
    "sms.actions.send_text": TOLD,
    "wallet.actions.keep_resident": TOLD,
    "wallet.actions.sign_in_phone": "the number was proven",
    "wallet.actions.sign_out_phone": OWN,
}
"""What asks no scope, and why."""


def uses_scope(function: Function) -> bool:
    """Whether it asks the scope what its actor may do, or hands it on to a function that does."""
    nodes = list(ast.walk(function))
    asked = {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_scope(node.value)}
    calls = [node for node in nodes if isinstance(node, ast.Call) and _called(node) not in NOTES]
    given = [one for call in calls for one in (*call.args, *(keyword.value for keyword in call.keywords))]
    return bool(asked & DECIDES) or any(_is_scope(one) for one in given)


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _is_scope(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id == "scope"


def test_they_use_it() -> None:
    """A scope that nobody asks is decoration."""
    idle = {
        named(module, function)
        for module in modules()
        for function in doors(module)
        if takes_scope_first(function) and not uses_scope(function)
    }
    assert idle - set(UNASKED) == set()


@pytest.mark.parametrize(
    ("body", "is_used"),
    [
        ("scope.require(X)", True),
        ("return rows.filter(within(scope, X))", True),
        ("return find(number, scope=scope)", True),
        ("if not scope.is_system: raise NotAllowed", True),
        ("del scope", False),
        ("_ = scope", False),
        ("return rows.filter(pk=scope.actor_id)", False),
        ("record(scope, 'a:b:c')", False),
        ("return scope", False),
    ],
)
def test_the_use_that_is_seen(body: str, is_used: bool) -> None:
    (function,) = doors(parsed(f"def people(scope: Scope):\n    {body}", "room/queries/people.py"))
    assert uses_scope(function) == is_used


BELOW = {
    "access/adapters.py": "the sign-in itself: before it there is nobody whose jurisdiction could count",
    "access/resealing.py": "the rotation of the seal key, for registry.actions.rotate_seal_key, which is the system's",
    "access/sealing.py": "which keys the database knows; no rows of people",
    "cli/province.py": "the demo's own database, at the server",
    "coverage/ground.py": "counts and outlines; the queries over it cut to the jurisdiction",
    "registry/ends.py": "keys of the last digits, written by a job of the system",
    "registry/proving.py": "one sealed value of each key, at the start",
    "registry/rotating.py": "the rotation of the seal key, for registry.actions.rotate_seal_key, which is the system's",
    "registry/scan_keys.py": "keyed hashes for the gateway, written by a job of the system",
    "registry/searching.py": "given the divisions by registry.queries.residents_named",
    "sms/counting.py": "counts of messages",
    "tracing/exposures.py": "numbers of residents and points; tracing.queries names those of the jurisdiction",
    "site/jobs.py": "jobs whose worker was killed; no rows of people",
    "tracing/forms/ruling.py": "the public list of the types of places",
    "tracing/persons.py": "numbers of merged records; tracing.queries names those of the jurisdiction",
    "tracing/presence/reading.py": "numbers alone, for the index of all visits",
    "tracing/presence/refreshing.py": "numbers alone, for the index of all visits",
    "visits/flagging.py": "marks of visits, written by a job of the system",
    "visits/matching.py": "keyed hashes of foreign codes, matched by a job of the system",
}
"""What reads or writes tables below the doors, and why without a scope. Pages never reach it but through a door."""

WITH_TABLES = {"cursor", "objects", "_base_manager", "_default_manager"}
NO_DJANGO = {"gateway", "core", "postgres"}


def reaches_tables(module: Module) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr in WITH_TABLES for node in ast.walk(module.tree))


def _is_door(module: Module) -> bool:
    parts = module.name.removesuffix(".py").split("/")
    return bool({"queries", "actions", "models"} & set(parts[1:]))


def test_what_reaches_tables_elsewhere_is_known() -> None:
    """Fails when a module beside queries and actions opens a cursor: move it, or say above why it has no scope."""
    found = {m.name for m in modules() if m.room not in NO_DJANGO and not _is_door(m) and reaches_tables(m)}
    assert found == set(BELOW)


def test_no_page_goes_round_the_doors() -> None:
    below = {f"ksdb.{name.removesuffix('.py').replace('/', '.')}" for name in BELOW} - {"ksdb.access.sealing"}
    pages = [
        m for m in modules() if {"views", "own_views", "dispute_views", "point_views", "day_views"} & set(_parts(m))
    ]
    assert len(pages) > 30
    assert [(page.name, one) for page in pages for one in _imported(page) & below if one not in SHARED] == []


SHARED = {"ksdb.access.adapters", "ksdb.coverage.ground", "ksdb.registry.searching", "ksdb.tracing.forms.ruling"}
"""Of these pages take types and words."""


def _parts(module: Module) -> list[str]:
    return module.name.removesuffix(".py").split("/")[1:]


def _imported(module: Module) -> set[str]:
    return {node.module for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom) and node.module}


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
