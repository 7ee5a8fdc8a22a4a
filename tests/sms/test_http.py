"""Messages go to a provider by HTTP, as the settings describe it, and its receipts come to a page of ours."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import Setting, StaffAccount

from ksdb.core.scope import Scope
from ksdb.sms.actions import NoCarrier, send_text
from ksdb.sms.actions.carrying import carry_texts
from ksdb.sms.models import DayCount, Text

pytestmark = pytest.mark.django_db
PHONE, SECRET = "0905123456", "a-secret-of-the-provider"


class Provider(ThreadingHTTPServer):
    """Takes what it is sent, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.status = 200
        self.meeting: threading.Barrier | None = None


class Taking(BaseHTTPRequestHandler):
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.server.meeting:
            self.server.meeting.wait()
        is_json = self.headers["Content-Type"] == "application/json"
        self.server.taken.append((dict(self.headers), json.loads(body) if is_json else dict(parse_qsl(body))))
        answer = json.dumps({"data": [{"id": f"m-{len(self.server.taken)}"}]}).encode()
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def provider(setting: Setting) -> Iterator[Provider]:
    with Provider() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        setting(
            sms_carrier="http",
            sms_http_url=f"http://127.0.0.1:{made.server_port}/send",
            sms_http_headers='{"X-Api-Key": "k"}',
            sms_http_fields='{"phone": "{phone}", "content": "{body}", "brand": "{sender}", "type": "2"}',
            sms_http_reference="data.0.id",
            sms_receipt_secret=SECRET,
            sms_receipt_reference="msg.id",
            sms_receipt_state="msg.state",
        )
        yield made
        made.shutdown()


def told(client: Client, content: Any, secret: str = SECRET) -> int:
    headers = {"Authorization": f"Bearer {secret}"}
    answer = client.post(reverse("sms:receipts"), json.dumps(content), content_type="application/json", headers=headers)
    return answer.status_code


@pytest.mark.parametrize("as_form", [0, 1])
def test_fields_and_headers_are_as_the_settings_say(
    provider: Provider, system: Scope, setting: Setting, as_form: int
) -> None:
    setting(sms_http_form=as_form)
    send_text(system, PHONE, "Chào {phone} & bạn")
    assert carry_texts(system) == 1
    ((headers, fields),) = provider.taken
    assert headers["X-Api-Key"] == "k"
    assert fields == {"phone": "84905123456", "content": "Chào {phone} & bạn", "brand": "KSDB", "type": "2"}


def test_messages_that_wait_go_side_by_side(provider: Provider, system: Scope, setting: Setting) -> None:
    """Of three that a slow provider takes at once none waits for the others; one that it refuses hinders none."""
    setting(sms_http_at_once=3)
    provider.meeting = threading.Barrier(3, timeout=10)
    for n in range(3):
        send_text(system, f"090512345{n}", "a")
    assert carry_texts(system) == 3
    assert Text.objects.filter(state="sent").count() == 3


def test_a_receipt_ends_the_message_once(provider: Provider, system: Scope, client: Client) -> None:
    number = send_text(system, PHONE, "a")
    carry_texts(system)
    assert Text.objects.get(pk=number).state == "sent"
    assert told(client, {"msg": {"id": "m-1", "state": "on its way"}}) == 204
    assert Text.objects.get(pk=number).state == "sent"
    assert (
        told(client, [{"msg": {"id": "m-1", "state": "delivered"}}, {"msg": {"id": "m-7", "state": "failed"}}]) == 204
    )
    assert told(client, {"msg": {"id": "m-1", "state": "failed"}}) == 204
    assert Text.objects.get(pk=number).state == "delivered"
    assert DayCount.objects.get().failed == 0


def test_without_the_secret_nothing_is_believed(
    provider: Provider, system: Scope, client: Client, setting: Setting
) -> None:
    number = send_text(system, PHONE, "a")
    carry_texts(system)
    fine = {"msg": {"id": "m-1", "state": "delivered"}}
    assert told(client, fine, "wrong") == 403
    setting(sms_receipt_secret="")
    assert told(client, fine, "") == 403
    assert Text.objects.get(pk=number).state == "sent"


@pytest.mark.parametrize(
    ("status", "state", "failure"),
    [
        (400, "failed", "http_400"),
        (429, "waiting", "http_429"),
        (503, "waiting", "http_503"),
        (401, "waiting", "sign_in_refused"),
    ],
)
def test_what_is_refused(provider: Provider, system: Scope, status: int, state: str, failure: str) -> None:
    provider.status = status
    number = send_text(system, PHONE, "a")
    assert carry_texts(system) == 0
    text = Text.objects.get(pk=number)
    assert (text.state, text.failure) == (state, failure)


def test_the_administrator_sees_what_it_cost_and_what_waits(
    provider: Provider, system: Scope, client: Client, hanh: StaffAccount
) -> None:
    send_text(system, PHONE, "a" * 200)
    carry_texts(system)
    provider.status = 503
    send_text(system, PHONE, "b")
    carry_texts(system)
    client.force_login(hanh)
    page = client.get(reverse("sms:figures")).content.decode()
    assert "1.600" in page
    assert "http_503" in page
    assert PHONE[-6:] not in page


def test_without_a_carrier_it_is_said(system: Scope, client: Client, hanh: StaffAccount) -> None:
    with pytest.raises(NoCarrier):
        send_text(system, PHONE, "a")
    client.force_login(hanh)
    assert "KSDB_SMS_CARRIER" in client.get(reverse("sms:figures")).content.decode()
