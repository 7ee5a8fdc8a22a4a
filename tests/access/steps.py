"""What a person does to sign in, for the tests of this room: pages by HTTP, codes by RFC 6238 as an app makes them."""

import base64
import hashlib
import hmac
import struct
import time
from typing import Any

from django.test import Client, TestCase
from django.urls import reverse
from tests.conftest import PASSWORD

SECRET_IN_SETUP = "mfa.totp.secret"


def code_of(secret: str, step: int = 0) -> str:
    """The six digits that an authenticator app shows, now or some half minutes from now (RFC 6238, RFC 4226)."""
    counter = struct.pack(">Q", int(time.time()) // 30 + step)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


def sign_in(client: Client, username: str, password: str = PASSWORD, **given: Any) -> Any:
    return client.post(reverse("access:sign_in"), {"login": username, "password": password}, **given)


def set_up_app(client: Client) -> str:
    """Scans the code of the set-up page, as it were, and types what the app shows; the secret stays in the app."""
    client.get(reverse("mfa_activate_totp"))
    secret: str = client.session[SECRET_IN_SETUP]
    with TestCase.captureOnCommitCallbacks(execute=True):
        response = client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)})
    assert response.status_code == 302, response.content.decode()
    return secret


def type_code(client: Client, code: str) -> Any:
    return client.post(reverse("mfa_authenticate"), {"code": code})


def is_signed_in(client: Client) -> bool:
    return client.get(reverse("mfa_index")).status_code == 200


def sees_residents(client: Client) -> bool:
    return client.get(reverse("registry:residents")).status_code == 200
