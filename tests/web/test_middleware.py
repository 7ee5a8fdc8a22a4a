"""What every answer carries, and our errors as pages."""

import re

import pytest
from django.http import HttpResponse
from django.template import engines
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject
from tests.web import gallery

from ksdb.core.errors import NotAllowed, SchemaUnknown
from ksdb.core.scope import Permission, Scope
from ksdb.web.context import navigation
from ksdb.web.middleware import KsdbErrorMiddleware

pytestmark = pytest.mark.urls("tests.web.gallery")
PAGES = ["/", "/resident/", "/resident/?errors", "/lost/", "/nowhere/"]


@pytest.fixture
def client() -> Client:
    return Client(headers={"accept-language": "vi"}, SERVER_NAME="localhost")


@pytest.mark.parametrize("address", PAGES)
def test_pages_carry_the_policy_and_nothing_inline(client: Client, address: str) -> None:
    response = client.get(address)
    page = response.content.decode()
    policy = response["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*\ssrc=)", page)


def test_our_error_says_what_to_do_next(client: Client) -> None:
    response = client.get("/lost/")
    page = response.content.decode()
    assert response.status_code == 404
    assert "Không có bản ghi này trong địa bàn được giao." in page
    assert "not_found (404)" in page
    assert "Về trang đầu" in page


def test_our_own_fault_is_told_without_the_database(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = SimpleLazyObject(lambda: pytest.fail("asked who is signed in"))
    response = KsdbErrorMiddleware(lambda _: HttpResponse()).process_exception(request, SchemaUnknown())
    assert response is not None
    assert response.status_code == 503
    assert "schema_unknown (503)" in response.content.decode()


@pytest.mark.parametrize("name", ["400.html", "403_csrf.html", "500.html"])
def test_pages_of_last_resort_need_no_context(name: str) -> None:
    page = engines["django"].get_template(name).render()
    assert '<html lang="vi"' in page
    assert "Về trang đầu" in page


def test_a_guarded_view_opens_only_to_its_permission(rf: RequestFactory) -> None:
    assert gallery.guarded.required_permission is Permission.TRACING_CASE_READ
    request = rf.get("/guarded/")
    with pytest.raises(NotAllowed):
        gallery.guarded(request)
    request.scope = Scope(actor_id=1, divisions={Permission.AUDIT_ENTRY_READ: frozenset({1})})
    with pytest.raises(NotAllowed):
        gallery.guarded(request)
    request.scope = Scope(actor_id=1, divisions={Permission.TRACING_CASE_READ: frozenset({1})})
    assert gallery.guarded(request).status_code == 200


def test_an_open_view_says_so() -> None:
    assert gallery.desk.is_open
    assert not gallery.desk.login_required


def test_navigation_shows_what_the_scope_allows_and_what_exists(rf: RequestFactory) -> None:
    request = rf.get("/registry/residents/")
    request.scope = Scope(
        actor_id=1,
        # audit has no pages in the gallery
        divisions={p: frozenset({1}) for p in (Permission.REGISTRY_RESIDENT_READ, Permission.AUDIT_ENTRY_READ)},
    )
    links = navigation(request)["navigation"]
    assert [(link.url, str(link.label), link.is_current) for link in links] == [
        ("/registry/residents/", "Người dân", True)
    ]


def test_nobody_sees_no_navigation(rf: RequestFactory) -> None:
    assert navigation(rf.get("/"))["navigation"] == []
