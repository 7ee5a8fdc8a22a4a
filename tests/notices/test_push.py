"""A push arrives at a service that can read nothing of it, signed for that service, and the browser can open it."""

import json
import threading
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.conftest import Setting

from ksdb.core.clock import now
from ksdb.notices.push import Address, PushFailed, SubscriptionGone, is_known_service, public_key, push_to

SECRET = bytes(range(16))


class Service(ThreadingHTTPServer):
    """A push service: keeps what it is given, and answers with `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 201

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Taking(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.server.taken.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


@pytest.fixture
def browser() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def address_of(service: Service, browser: ec.EllipticCurvePrivateKey) -> Address:
    point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Address(f"{service.origin}/push/1", point, SECRET)


def unpadded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_only_the_browser_can_read_it(service: Service, browser: ec.EllipticCurvePrivateKey) -> None:
    push_to(address_of(service, browser), {"title": "Tin nhắn"})
    ((headers, body),) = service.taken
    assert b"Tin" not in body
    assert (headers["Content-Encoding"], headers["TTL"]) == ("aes128gcm", "86400")
    opened = http_ece.decrypt(body, private_key=browser, auth_secret=SECRET, version="aes128gcm")
    assert json.loads(opened) == {"title": "Tin nhắn"}


def test_the_service_knows_who_sent_it(service: Service, browser: ec.EllipticCurvePrivateKey) -> None:
    push_to(address_of(service, browser), {})
    ((headers, _),) = service.taken
    token, key = headers["Authorization"].removeprefix("vapid t=").split(", k=")
    assert key == public_key()
    head, claims, signature = token.split(".")
    raw = unpadded(signature)
    signed = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(key))
    public.verify(signed, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
    said = json.loads(unpadded(claims))
    assert said["aud"] == service.origin
    assert 0 < said["exp"] - now().timestamp() <= 24 * 3600


@pytest.mark.parametrize(
    ("status", "error"), [(410, SubscriptionGone), (404, SubscriptionGone), (429, PushFailed), (500, PushFailed)]
)
def test_what_a_service_refuses(
    service: Service, browser: ec.EllipticCurvePrivateKey, status: int, error: type[Exception]
) -> None:
    service.status = status
    with pytest.raises(error):
        push_to(address_of(service, browser), {})


@pytest.mark.parametrize(
    ("endpoint", "is_known"),
    [
        ("https://fcm.googleapis.com/fcm/send/x", True),
        ("https://wns2-par02p.notify.windows.com/w/?token=x", True),
        ("http://fcm.googleapis.com/fcm/send/x", False),
        ("https://fcm.googleapis.com:8443/x", False),
        ("https://fcm.googleapis.com@127.0.0.1/x", False),
        ("https://evilfcm.googleapis.com.example/x", False),
        ("https://127.0.0.1/x", False),
        ("http://[::1", False),
        ("http://127.0.0.1:9000/x", True),
        ("http://127.0.0.1:9001/x", False),
    ],
)
def test_nothing_but_listed_services_is_called(setting: Setting, endpoint: str, is_known: bool) -> None:
    setting(push_hosts="fcm.googleapis.com,notify.windows.com,http://127.0.0.1:9000")
    assert is_known_service(endpoint) == is_known
