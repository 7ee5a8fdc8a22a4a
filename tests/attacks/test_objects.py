"""Every number in every address, tried by people of another commune, and by those who may."""

from collections import Counter
from datetime import timedelta

import pytest
from django.apps import apps
from django.test import Client
from tests.attacks.asking import ask, fields_of, signed_in
from tests.attacks.routes import CLOSED, KEYS, METHODS, OBJECTS, ROUTES, Route
from tests.attacks.world import World
from tests.conftest import staff
from tools.documents import NOBODYS, Access, access_to

from ksdb.access.actions import give_grant
from ksdb.access.models import StaffAccount
from ksdb.core.clock import today
from ksdb.core.scope import Role, system_scope
from ksdb.places.models import Division

NO_RULES = "nobody wrote rules of that name"
AT_HOME = {
    ("approvals:withdraw", "post"): (403, "only who asked for an act withdraws it"),
    ("tracing:export_file", "get"): (404, "an approved export is taken by who asked for it, and this waits"),
    ("tracing:ward_file", "get"): (404, "an approved list is taken by who asked for it, and this is a trace's"),
    ("wallet:phones", "post"): (404, "ends the keeping that the form names, and names none"),
    ("followup:export_file", "get"): (404, "an approved list is taken by who asked for it, and this is a trace's"),
    ("tracing:rules_edit", "get"): (404, NO_RULES),
    ("tracing:rules_edit", "post"): (404, NO_RULES),
    ("tracing:rules_retire", "post"): (404, NO_RULES),
}
"""What somebody of the same commune with every role is not given either, and why."""

OWNED = "an owner opens his own points, and this is another's"
POINT_PAGES = ("point", "ways", "code", "withdraw_codes", "rename_device", "revoke_device")
OWNERS = {(f"visits:{page}", method): (404, OWNED) for page in POINT_PAGES for method in METHODS}
OTHERS = {
    **AT_HOME,
    **OWNERS,
    ("approvals:approve", "post"): (403, "who decides needs the permission of the act itself, too"),
}


def with_every_role(division: Division) -> Client:
    """The strongest there can be in a commune: whatever is refused is refused for the jurisdiction alone."""
    first, *rest = Role
    account = staff(f"all-of-{division.pk}", "Người Nhiều Quyền", first, division)
    for role in rest:
        give_grant(system_scope(), account, role, division.pk, today() - timedelta(days=1))
    return signed_in(account)


def test_each_parameter_of_each_address_is_known() -> None:
    """Fails when a page takes a new number: say in OBJECTS what it names, or in KEYS that it is nobody's."""
    unknown = {(route.name, name) for route in ROUTES for name in route.parameters if name not in {**OBJECTS, **KEYS}}
    assert unknown == set()
    assert set(KEYS) == NOBODYS


def test_what_a_view_does_not_take_is_refused_to_everybody(world_a: World) -> None:
    """The other tests here ask with the methods that a view takes: half of the requests would come to nothing."""
    client = with_every_role(world_a.division)
    not_taken = [(route, method) for route in ROUTES for method in METHODS if method not in route.methods()]
    assert len(not_taken) > 90
    for route, method in not_taken:
        assert ask(client, method, route.path(world_a), fields_of(world_a))[0] == 405, (route.name, method)


def test_objects_of_another_commune_do_not_exist(world_a: World, world_b: World) -> None:
    client = with_every_role(world_b.division)
    answers = {
        (route.name, method): ask(client, method, route.path(world_a), fields_of(world_a))
        for route in ROUTES
        if route.names_an_object
        for method in route.methods()
    }
    assert answers
    wrong = {key: status for key, (status, _) in answers.items() if status not in {404, 405}}
    assert wrong == {}
    assert {key for key, (_, text) in answers.items() if any(secret in text for secret in world_a.secrets())} == set()


def test_officer_minh_sees_nothing_of_commune_a(world_a: World, minh: StaffAccount) -> None:
    client = signed_in(minh)
    for route in CLOSED:
        for method in route.methods():
            status, text = ask(client, method, route.path(world_a), fields_of(world_a))
            assert status in ({403, 404, 405} if route.names_an_object else {200, 302, 403, 404, 405, 422}), route
            assert [secret for secret in world_a.secrets() if secret in text] == []


def test_no_field_of_any_form_or_filter_reaches_over(world_a: World, world_b: World) -> None:
    """Numbers of commune A in the body and in the query, at addresses that are B's own."""
    client = with_every_role(world_b.division)
    before = _rows()
    for route in CLOSED:
        for method in route.methods():
            status, text = ask(client, method, route.path(world_b), fields_of(world_a))
            assert status < 500, (route, method)
            found = [secret for secret in world_a.secrets() if secret in text]
            assert found == [], (route, method)
    assert _rows() == before


def _rows() -> Counter[str]:
    return Counter({model._meta.db_table: model.objects.count() for model in apps.get_models() if model._meta.managed})


def test_officer_binh_works_at_home(world_a: World, binh: StaffAccount) -> None:
    client = signed_in(binh)
    page = ask(client, "get", _route("registry:resident").path(world_a), {"purpose": "card_service"})
    assert page[0] == 200
    assert world_a.words.person in page[1]
    assert ask(client, "get", _route("cards:batch_file").path(world_a))[0] == 200
    assert ask(client, "get", _route("registry:import_rejected").path(world_a))[0] == 200


def _route(name: str) -> Route:
    return next(route for route in ROUTES if route.name == name)


@pytest.mark.parametrize("role", Role)
def test_the_table_of_pages_and_roles_is_true(
    world_a: World, world_b: World, whole_province: Division, role: Role
) -> None:
    """docs/roles.md, cell by cell: what each page answers each role inside the jurisdiction, and outside it."""
    client = signed_in(staff("anyone", "Ai Đó", role, world_a.division))
    provincial = signed_in(staff("anyone-above", "Ai Đó Ở Tỉnh", role, whole_province))
    for route in CLOSED:
        inside, outside = (_answers(client, route, world) for world in (world_a, world_b))
        expected = access_to(route.permission, role, names_an_object=route.names_an_object)
        if expected is Access.CLOSED:
            assert inside == outside == {403}, route.name
        elif expected is Access.PROVINCE:
            assert inside == outside == {403}, route.name
            assert _answers(provincial, route, world_a) <= {200, 302, 422} | _exceptions(route), route.name
        else:
            assert inside <= {200, 302, 422} | _exceptions(route), route.name
            if expected is Access.OPEN_CUT:
                assert _foreign(client, route, world_a, world_b) == set(), route.name
            assert expected is Access.OPEN_CUT or outside == {404}, route.name


def _answers(client: Client, route: Route, world: World) -> set[int]:
    return {ask(client, method, route.path(world), fields_of(world))[0] for method in route.methods()} - {405}


def _exceptions(route: Route) -> set[int]:
    return {status for (name, _), (status, _) in OTHERS.items() if name == route.name}


def _foreign(client: Client, route: Route, home: World, elsewhere: World) -> set[str]:
    """Which secrets of elsewhere come back when its numbers are sent to an address of home."""
    texts = (ask(client, method, route.path(home), fields_of(elsewhere))[1] for method in route.methods())
    return {secret for text in texts for secret in elsewhere.secrets() if secret in text}
