"""A card's code alone, held against everything that can be asked of both doors: nothing about anybody comes back."""

import pytest
from django.test import Client
from starlette.testclient import TestClient
from tests.attacks.asking import ask, said, same_cookies, signed_in, undone
from tests.attacks.routes import ROUTES
from tests.attacks.world import World
from tests.gateway.town import LAN, Town, resident_of, token_of

from ksdb.access.models import StaffAccount
from ksdb.gateway.pages import page_routes

pytestmark = pytest.mark.django_db
NAMES = ("token", "card", "code", "number", "q", "name", "index", "next")


def holding(client: Client, path: str, token: str) -> list[str]:
    """What a page answers to the token in each place where one can be put."""
    headers = {"Authorization": f"Bearer {token}", "X-Card-Token": token}
    tries = [
        client.get(path, dict.fromkeys(NAMES, token)),
        client.get(path, headers=headers),
        client.post(path, dict.fromkeys(NAMES, token), headers=headers),
        client.post(path, {"token": token}, content_type="application/json"),
        client.get(f"{path.rstrip('/')}/{token}/"),
        client.get(f"{path.rstrip('/')}/{token}"),
    ]
    client.cookies["token"] = client.cookies["sessionid_token"] = token
    tries.append(client.get(path))
    return [said(answer) for answer in tries]


def test_the_site_tells_a_stranger_nothing(world_a: World) -> None:
    secrets = set(world_a.secrets()) - {world_a.token}
    for route in ROUTES:
        for text in holding(Client(), route.path(world_a), world_a.token):
            assert not [secret for secret in secrets if secret in text], route.name


def test_the_site_tells_an_officer_of_another_commune_nothing(world_a: World, minh: StaffAccount) -> None:
    secrets = set(world_a.secrets()) - {world_a.token}
    client = signed_in(minh)
    for route in ROUTES:
        with undone(), same_cookies(client):  # as after a sign-in of its own
            texts = holding(client, route.path(world_a), world_a.token)
        for text in texts:
            assert not [secret for secret in secrets if secret in text], route.name


def test_a_token_is_no_session(world_a: World) -> None:
    client = Client()
    client.cookies["sessionid"] = world_a.token[:100]
    for route in ROUTES:
        if not route.is_open:
            assert ask(client, "get", route.path(world_a))[0] == 302, route.name


SCANNER_PAGES = {route.path for route in page_routes("")}


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_the_gateway_tells_a_token_nothing(door: TestClient, town: Town, method: str) -> None:
    """Each of its routes, found in the application, and the token as its device, its path, its query and its body."""
    token, person = token_of(LAN), str(resident_of(LAN))
    paths = [route.path for route in door.app.router.routes]  # type: ignore[attr-defined]
    assert paths
    before = town.visits() + town.refusals()
    for path in paths:
        for target in (path, f"{path}/{token}", f"{path}?token={token}&card={LAN}"):
            for device in ("", f"Bearer {token}"):
                answer = door.request(method, target, headers={"authorization": device}, content=token.encode())
                assert answer.status_code in {200, 304, 401, 404, 405, 422}, target
                assert person not in answer.text
                assert str(LAN) not in answer.text.replace(token, "")
                # The scanner's own pages are the same for everybody: files of the package, read by no code of ours.
                assert answer.status_code != 200 or path == "/health" or path in SCANNER_PAGES
    assert town.visits() + town.refusals() == before
