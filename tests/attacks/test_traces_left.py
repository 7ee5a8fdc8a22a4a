"""What is left behind by a day's work: no person's name or number in addresses, titles, logs or file names."""

import logging
import os
import re
import subprocess
import time
from collections.abc import Iterator
from urllib.parse import unquote

import httpx
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo
from tests.attacks.asking import ask, fields_of, with_phone
from tests.attacks.routes import ROUTES
from tests.attacks.test_objects import with_every_role
from tests.attacks.world import World
from tests.gateway.devices import free_port, gateway
from tests.gateway.town import LAN, MARKET_TOKEN, Town, now_ms, token_of

from ksdb.cli.up import processes
from ksdb.config import Settings, environment_of, settings
from ksdb.core.scope import Scope
from ksdb.registry.searching import ResidentSearch

pytestmark = pytest.mark.django_db
ADDRESSES = re.compile(r"""\b(?:href|src|action|hx-get|hx-post|hx-push-url|value)=["']([^"']*)["']|\nLocation: (.*)""")
FILLED_IN = re.compile(r"""<(?:input|option)\b[^>]*>""")
"""What a correction begins with: the page is the person's record, opened for a purpose, and the fields hold it."""
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)


def leaves_of(world: World, text: str) -> set[str]:
    """Which of the world's secrets stand in the text, as they are or percent-encoded, with marks or without."""
    plain = unquote(text)
    return {secret for secret in (*world.secrets(), world.card.number) if secret in plain}


CORRECTIONS = {"registry:person_edit", "enrolment:correct", "visits:correct_point"}
"""Forms that show what stands written, so that it can be put right."""


def test_no_address_and_no_title_names_anybody(world_a: World) -> None:
    """Links, forms, redirects and the names of files. What a form sent back holds was typed by the asker."""
    client = with_phone(with_every_role(world_a.division), world_a)
    typed = {"name": "nguyen thi", "purpose": "card_service"}
    for route in ROUTES:
        for method, data in (("get", {"purpose": "card_service"}), ("post", {**fields_of(world_a), **typed})):
            _, text = ask(client, method, route.path(world_a), data)
            headers, _, body = text.partition("\n\n")
            assert leaves_of(world_a, headers) == set(), route.name
            body = FILLED_IN.sub("", body) if route.name in CORRECTIONS else body
            for found in ADDRESSES.findall(f"\n{headers}\n{body}"):
                if found != (world_a.card.number, ""):
                    assert leaves_of(world_a, "".join(found)) == set(), (route.name, found)
            assert all(leaves_of(world_a, title) == set() for title in TITLE.findall(body)), route.name


def test_no_log_names_anybody(
    world_a: World, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A click through every page and form, at home and outside, with a fault of ours at the end."""
    client = with_phone(with_every_role(world_a.division), world_a)
    with caplog.at_level(logging.INFO):
        for route in ROUTES:
            for method in ("get", "post", "put"):
                ask(client, method, route.path(world_a), fields_of(world_a))
                if route.parameters:  # else it is the same address
                    ask(client, method, route.path_of(987654321), fields_of(world_a))
        monkeypatch.setattr("ksdb.registry.queries.residents_named", _broken)
        form = {"name": world_a.words.person, "purpose": "card_service"}
        assert ask(client, "post", "/residents/", form)[0] == 500
        monkeypatch.undo()
    (console,) = [handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler]
    written = "\n".join(console.format(record) for record in caplog.records)
    assert "Internal Server Error: /residents/" in written
    assert "InvalidTextRepresentation 22P02" in written
    assert leaves_of(world_a, written) == set()
    assert client.cookies["sessionid"].value not in written


def _broken(_scope: Scope, search: ResidentSearch, *_: object) -> None:
    """Fails as the database does: with a value of the statement in the error's text."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text::integer", [search.words])


@pytest.fixture
def site(db: None) -> Iterator[str]:
    """The site under granian, as `ksdb up` starts it, on the empty test database."""
    port = free_port()
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    ours = Settings(database_url=url, var_dir=settings().var_dir, site_address=f"127.0.0.1:{port}")
    (ours.var_dir / "static").mkdir(exist_ok=True)
    process = subprocess.Popen(processes(ours)["site"], env={**os.environ, **environment_of(ours)})
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/health")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_the_sites_own_output_names_nobody(site: str, capfd: pytest.CaptureFixture[str]) -> None:
    name, password, token = "Nguyễn Thị Lan", "mật khẩu rất dài 1956", token_of(LAN)
    for path in ("/sign-in/", "/residents/", "/nowhere/"):
        httpx.get(f"{site}{path}", params={"name": name, "token": token}, headers={"Authorization": f"Bearer {token}"})
        httpx.post(f"{site}{path}", data={"username": "hanh", "password": password, "name": name})
    httpx.get(f"{site}/sign-in/", headers={"Cookie": "sessionid=stolen-session-key"})
    written = "".join(capfd.readouterr())
    assert not [word for word in (name, "Nguy", password, token, "stolen-session-key") if word in unquote(written)]


def test_the_gateways_own_output_names_nobody(town: Town, capfd: pytest.CaptureFixture[str]) -> None:
    token = token_of(LAN)
    scan = {"sequence": 1, "token": token, "scanned_at": now_ms()}
    with gateway(town.url) as process:
        url = f"http://127.0.0.1:{process.port}"
        headers = {"Authorization": f"Bearer {MARKET_TOKEN}"}
        bodies = [{"sent_at": 1, "scans": [scan]}, {"scans": [{**scan, "token": 7}]}, [token], {"sent_at": token}]
        statuses = [httpx.post(f"{url}/v1/scans", json=body, headers=headers).status_code for body in bodies]
        assert statuses == [200, 422, 422, 422]
        httpx.get(f"{url}/v1/scans/{token}", headers=headers)
        httpx.post(f"{url}/v1/scans", headers={"Authorization": f"Bearer {token}"})
    written = "".join(capfd.readouterr())
    assert not [word for word in (token, MARKET_TOKEN) if word in written]
