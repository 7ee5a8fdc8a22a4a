"""A push to a browser: RFC 8291 seals what it says, RFC 8292 (VAPID) signs who sends it; its carrier reads nothing."""

import json
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from urllib.parse import urlsplit

import http_ece
import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ksdb.config import SettingMissing, settings
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError

LIFE_SECONDS = 24 * 3600
"""How long a push service keeps what it cannot deliver."""

SIGNED_SECONDS = 12 * 3600
TIMEOUT_SECONDS = 5
UNREACHABLE = "unreachable"
GONE = {404, 410}


class PushServiceUnknown(KsdbError):
    """This browser wants its notices by a service that is not on the list. Messages to your phone come all the same."""

    code = "push_service_unknown"
    status = 422


@dataclass(frozen=True)
class Address:
    """Where a browser takes pushes, and its two keys."""

    endpoint: str
    public_point: bytes
    shared_secret: bytes


class SubscriptionGone(Exception):
    """The browser takes no pushes any more."""


class PushFailed(Exception):
    """The push service did not take it now."""


def is_known_service(endpoint: str) -> bool:
    """Only what the administrator listed is ever called: a browser could name any address, also one within our walls.

    A host, with all hosts below it, by https; or a whole origin as `http://127.0.0.1:9000`.
    """
    try:
        parts = urlsplit(endpoint)
        origin, host = f"{parts.scheme}://{parts.netloc}", parts.hostname or ""
    except ValueError:
        return False
    listed = [one.strip() for one in settings().push_hosts.split(",") if one.strip()]
    if origin in listed:
        return True
    is_plain = parts.scheme == "https" and parts.netloc == host
    return is_plain and any(host == one or host.endswith(f".{one}") for one in listed)


def public_key() -> str:
    """What a browser is told, that it may know our signature; "" where this machine has no key, so takes none."""
    try:
        return _text(_point(_key()))
    except SettingMissing:
        return ""


def push_to(browser: Address, content: dict[str, str]) -> None:
    """Hands it to the browser's push service. Raises SubscriptionGone or PushFailed."""
    sealed = http_ece.encrypt(
        json.dumps(content).encode(),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=browser.public_point,
        auth_secret=browser.shared_secret,
        salt=secrets.token_bytes(16),
        version="aes128gcm",
    )
    headers = {
        "Authorization": f"vapid t={_signed(browser.endpoint)}, k={public_key()}",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(LIFE_SECONDS),
        "Urgency": "high",
    }
    try:
        answer = httpx.post(browser.endpoint, content=sealed, headers=headers, timeout=TIMEOUT_SECONDS)
    except httpx.HTTPError as error:
        raise PushFailed(UNREACHABLE) from error
    if answer.status_code in GONE:
        raise SubscriptionGone
    if not answer.is_success:
        raise PushFailed(f"http_{answer.status_code}")


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(settings().secret("push_key"), "big"), ec.SECP256R1())


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _signed(endpoint: str) -> str:
    """A token for that service alone, good for half a day: RFC 7515 with ES256."""
    parts = urlsplit(endpoint)
    claims = {
        "aud": f"{parts.scheme}://{parts.netloc}",
        "exp": int(now().timestamp()) + SIGNED_SECONDS,
        "sub": settings().security_contact or f"https://{settings().site_hosts.split(',')[0]}",
    }
    signing = ".".join(_text(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(_key().sign(signing.encode(), ec.ECDSA(SHA256())))
    return f"{signing}.{_text(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _text(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")
