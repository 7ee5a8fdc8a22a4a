"""A key, a trust list and tokens for the tests of core."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric import ec

from ksdb.core.token import Claims, Form, IssuerKey, Usage, from_digits, sign_token

AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())
KEY = ec.derive_private_key(1001, ec.SECP256R1())
CLAIMS = Claims(123456, Form.PAPER, SECONDS + 86400)
TRUST = {1: IssuerKey(1, KEY.public_key(), Usage.CARD, SECONDS - 100, SECONDS + 100)}
TOKEN = sign_token(CLAIMS, 1, KEY)


def bytes_of(token: str) -> bytes:
    coded = from_digits(token)
    assert isinstance(coded, bytes)
    return coded
