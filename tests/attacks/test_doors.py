"""What each answer carries and each request must: headers, cookies, the token of forms, the method, the address."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from tests.attacks.asking import ask, fields_of, said, same_cookies, signed_in, undone
from tests.attacks.routes import ROUTES
from tests.attacks.test_objects import with_every_role
from tests.attacks.world import World
from tests.conftest import PASSWORD

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.config import settings
from ksdb.core.addresses import networks
from ksdb.outreach.reader_views import POLICY
from ksdb.web.proxies import ProxyMiddleware

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "manifest-src 'self'; worker-src 'self'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


KEPT = {"/my/card/worker.js": "max-age=86400"}
"""What phones may keep: it says nothing of anybody, and an opening of the card is to ask no server."""


def lacking(answer: HttpResponse, path: str = "") -> set[str]:
    wrong = {name for name, value in HEADERS.items() if answer.headers.get(name) != value}
    kept = answer.headers.get("Cache-Control", "")
    is_kept_well = "no-store" in kept or (answer.status_code == 200 and KEPT.get(path) == kept)
    if path.startswith("/doors/day/reader/") and answer.headers.get("Content-Security-Policy") == POLICY:
        wrong.discard("Content-Security-Policy")  # a worker of its own, which may do less than a page
    return wrong | (set() if is_kept_well else {"Cache-Control"})


def test_every_page_and_every_error_has_the_headers(world_a: World, minh: StaffAccount) -> None:
    found = {}
    for client in (with_every_role(world_a.division), signed_in(minh), Client()):
        for path in [*(route.path(world_a) for route in ROUTES), "/nowhere/"]:
            for method in ("get", "post", "put"):
                with undone(), same_cookies(client):
                    answer = getattr(client, method)(path)
                    said(answer)
                found[path, method, answer.status_code] = lacking(answer, path)
    assert {key: missing for key, missing in found.items() if missing} == {}
    assert {200, 302, 403, 404, 405} <= {status for _, _, status in found}


def test_a_fault_of_ours_has_the_headers_and_tells_nothing(
    client: Client, minh: StaffAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksdb.coverage.views.eras", lambda _: 1 / 0)
    client = signed_in(minh)
    answer = client.get(reverse("coverage:divisions"))
    assert answer.status_code == 500
    assert lacking(answer) == set()
    assert "ZeroDivision" not in answer.content.decode()


def test_a_strange_host_is_refused_with_the_headers(client: Client) -> None:
    answer = client.get("/sign-in/", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.content.decode()
    assert lacking(answer) <= {"Cache-Control"}


def test_no_form_is_taken_without_its_token(world_a: World) -> None:
    """Nor with another's, nor from another origin; what a page answers then changes nothing."""
    client = with_every_role(world_a.division)
    client.handler.enforce_csrf_checks = True
    sent = fields_of(world_a)
    for route in ROUTES:
        for attempt in (
            {"data": sent},
            {"data": {**sent, "csrfmiddlewaretoken": "a" * 64}},
            {"data": sent, "headers": {"X-CSRFToken": "a" * 32}},
            {"data": sent, "headers": {"Origin": "https://evil.example"}},
        ):
            assert client.post(route.path(world_a), **attempt).status_code == 403, route.name


def test_a_good_token_from_another_origin_is_refused(minh: StaffAccount) -> None:
    client = signed_in(minh, enforce_csrf_checks=True)
    client.get(reverse("cards:find"))
    token = client.cookies["csrftoken"].value
    form = {"csrfmiddlewaretoken": token, "number": "1"}
    assert client.post(reverse("cards:find"), form).status_code == 200
    for origin in ("https://evil.example", "null", "http://testserver.evil.example"):
        assert client.post(reverse("cards:find"), form, headers={"Origin": origin}).status_code == 403


def test_what_changes_something_is_not_done_by_asking(world_a: World) -> None:
    """GET, HEAD and strange methods on an address that acts; a method named in a field or header is none."""
    client = with_every_role(world_a.division)
    acting = [route for route in ROUTES if ask(client, "get", route.path(world_a))[0] == 405]
    assert {"cards:issue", "cards:activate", "cards:change", "cards:order", "tracing:trace_run"} <= {
        route.name for route in acting
    }
    overriding = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
    before = Entry.objects.count()
    for route in acting:
        path = route.path(world_a)
        for method in ("get", "head", "put", "patch", "delete"):
            assert ask(client, method, path, {"_method": "POST"})[0] == 405, (route.name, method)
        assert client.get(path, headers=overriding).status_code == 405
    assert Entry.objects.count() == before


def test_cookies_are_kept_from_scripts_and_from_other_sites(client: Client, minh: StaffAccount) -> None:
    client.post(reverse("set_language"), {"language": "en"})
    client.post(reverse("access:sign_in"), {"login": "minh", "password": PASSWORD})
    client.get(reverse("cards:find"))
    assert {name: (morsel["httponly"], morsel["samesite"]) for name, morsel in client.cookies.items()} == dict.fromkeys(
        ("csrftoken", "django_language", "sessionid"), (True, "Lax")
    )


def under(code: str, **environment: str) -> str:
    """What a fresh Django prints under these settings."""
    begin = "import django; django.setup()\n"
    done = subprocess.run(
        [sys.executable, "-c", begin + code],
        env={**os.environ, "KSDB_SECRET_KEY": os.urandom(32).hex(), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_with_tls_all_is_https() -> None:
    code = """if True:
        from django.conf import settings
        from django.core.management import call_command
        from django.test import Client, override_settings
        call_command("check", deploy=True, fail_level="WARNING")
        print([getattr(settings, f"{name}_COOKIE_SECURE") for name in ("SESSION", "CSRF", "LANGUAGE")],
              settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME)
        proxied = {"HTTP_X_FORWARDED_PROTO": "https"}
        for address, headers in (("127.0.0.1", {}), ("127.0.0.1", proxied), ("10.1.1.1", proxied)):
            answer = Client(REMOTE_ADDR=address, **headers).get("/.well-known/security.txt", HTTP_HOST="localhost")
            print(answer.status_code, answer.headers.get("Strict-Transport-Security"))
        print(Client(REMOTE_ADDR="127.0.0.1").get("/health", HTTP_HOST="localhost").status_code)
    """
    lines = under(code, KSDB_HAS_TLS="1", KSDB_PROXIES="127.0.0.1", KSDB_SECURITY_CONTACT="mailto:a@hue.example")
    assert lines.splitlines()[-5:] == [
        "[True, True, True] __Host-session __Host-csrf",
        "301 None",
        "200 max-age=31536000; includeSubDomains",
        "301 None",
        "200",
    ]


def peer(address: str, proxies: str, monkeypatch: pytest.MonkeyPatch, **headers: str) -> dict[str, Any]:
    """What the site knows of a request that comes from `address` with these headers."""
    monkeypatch.setenv("KSDB_PROXIES", proxies)
    settings.cache_clear()
    seen: dict[str, Any] = {}

    def site(request: Any) -> HttpResponse:
        seen.update(request.META)
        return HttpResponse()

    ProxyMiddleware(site)(RequestFactory().get("/", headers=headers, REMOTE_ADDR=address))
    settings.cache_clear()
    return seen


PROXY = "10.0.0.2, 10.9.0.0/16, 2001:db8::/64"


@pytest.mark.parametrize(
    ("proxies", "address", "forwarded", "client"),
    [
        ("", "127.0.0.1", "203.0.113.9", "127.0.0.1"),
        (PROXY, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (PROXY, "10.0.0.2", "203.0.113.9", "203.0.113.9"),
        (PROXY, "10.0.0.2", "8.8.8.8, 203.0.113.9", "203.0.113.9"),
        (PROXY, "10.0.0.2", "10.0.0.2, 203.0.113.9, 10.9.3.3", "203.0.113.9"),
        (PROXY, "2001:db8::1", "2001:db8:1::7", "2001:db8:1::7"),
        (PROXY, "10.0.0.2", "", "10.0.0.2"),
        (PROXY, "10.0.0.2", "unknown", "10.0.0.2"),
        (PROXY, "10.0.0.2", "203.0.113.9, <script>", "10.0.0.2"),
        (PROXY, "10.0.0.2", "'; DROP TABLE audit_entry; --", "10.0.0.2"),
        (PROXY, "10.0.0.2", "1.2.3.4," * 3000 + "203.0.113.9", "203.0.113.9"),
        (PROXY, "10.0.0.22", "203.0.113.9", "10.0.0.22"),
        (PROXY, "", "203.0.113.9", ""),
    ],
)
def test_an_address_is_believed_from_a_listed_proxy_alone(
    proxies: str, address: str, forwarded: str, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = peer(address, proxies, monkeypatch, **{"X-Forwarded-For": forwarded, "X-Forwarded-Host": "evil.example"})
    assert seen["REMOTE_ADDR"] == client
    assert not {"HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_FORWARDED"} & set(seen)


def test_https_is_believed_from_a_listed_proxy_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"X-Forwarded-Proto": "https"}
    assert "HTTP_X_FORWARDED_PROTO" not in peer("203.0.113.9", PROXY, monkeypatch, **said)
    assert peer("10.0.0.2", PROXY, monkeypatch, **said)["HTTP_X_FORWARDED_PROTO"] == "https"


def test_a_setting_that_is_no_network_is_refused() -> None:
    with pytest.raises(ValueError, match="proxy"):
        networks("10.0.0.2, proxy.example")


def test_the_trail_holds_the_clients_address(
    world_a: World, minh: StaffAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = {"name": "nguyen", "purpose": "card_service"}
    monkeypatch.setenv("KSDB_PROXIES", "10.0.0.2")
    settings.cache_clear()
    client = with_every_role(world_a.division)
    for address, forwarded in (("10.0.0.2", "203.0.113.9"), ("198.51.100.4", "203.0.113.77")):
        client.post(reverse("registry:residents"), search, REMOTE_ADDR=address, headers={"X-Forwarded-For": forwarded})
    reads = Entry.objects.filter(action="registry:resident:read").order_by("id")
    assert list(reads.values_list("address", flat=True)) == ["203.0.113.9", "198.51.100.4"]


def test_security_txt_says_where_and_until_when(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
    monkeypatch.setenv("KSDB_SECURITY_CONTACT", "mailto:an-toan@hue.example")
    settings.cache_clear()
    answer = client.get("/.well-known/security.txt")
    monkeypatch.undo()
    settings.cache_clear()
    lines = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    expires = datetime.strptime(lines["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=90) < expires - datetime.now(UTC) < timedelta(days=365)
    assert lines["Contact"] == "mailto:an-toan@hue.example"
    assert lines["Canonical"] == "http://testserver/.well-known/security.txt"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere(client: Client, minh: StaffAccount, target: str) -> None:
    form = {"login": "minh", "password": PASSWORD, "next": target}
    for path in (reverse("access:sign_in"), reverse("set_language")):
        answer = client.post(path, {**form, "language": "en"})
        assert answer.headers["Location"].startswith("/"), answer.headers["Location"]
        assert "evil" not in answer.headers["Location"]
