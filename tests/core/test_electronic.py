import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ksdb.core.electronic import CodeFault, Shown, bind_token, check_code, show_code
from ksdb.core.token import Claims, Form, IssuerKey, TokenFault, Usage, from_digits, to_digits

ROOT = Path(__file__).parent.parent.parent
FILE = json.loads((ROOT / "tests" / "vectors" / "cards.json").read_text(encoding="utf-8"))
TRUST = {
    key["kid"]: IssuerKey(
        key["kid"],
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(key["public_key"])),
        Usage(key["usage"]),
        key["not_before"],
        key["not_after"],
    )
    for key in FILE["trust"]
}
CODE = FILE["codes"][4]


@pytest.mark.parametrize("vector", FILE["codes"], ids=lambda vector: vector["name"])
def test_codes_are_read_as_the_vectors_say(vector: dict[str, Any]) -> None:
    read = check_code(vector["text"], TRUST, datetime.fromtimestamp(vector["at"], UTC))
    if vector["fault"]:
        assert read == vector["fault"]
    else:
        assert isinstance(read, Shown)
        said = read.claims
        assert vector["claims"] == {
            "card_index": said.card_index,
            "form": said.form,
            "expires_at": said.expires_at,
            "issued_at": read.issued_at,
        }


def test_the_vectors_hold_every_fault_of_a_code() -> None:
    assert {vector["fault"] for vector in FILE["codes"]} >= {None, *map(str, CodeFault)}


def test_every_flipped_bit_of_a_code_is_refused() -> None:
    whole = from_digits(CODE["text"])
    assert isinstance(whole, bytes)
    at = datetime.fromtimestamp(CODE["at"], UTC)
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 0x80 >> bit % 8
        assert isinstance(check_code(to_digits(bytes(changed)), TRUST, at), TokenFault | CodeFault), bit


def test_a_code_fits_version_11() -> None:
    assert len(CODE["text"]) <= 604


def test_python_cwt_believes_a_bound_token_and_its_code() -> None:
    issuer, device = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    token = bind_token(Claims(7, Form.ELECTRONIC, 4_000_000_000), 1, issuer, device.public_key())
    said = cwt.decode(token, _cose_key(issuer, b"\0\1"))
    assert said[7] == (7).to_bytes(4, "big")
    assert said[8] == device.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    code = from_digits(show_code(token, 1_800_000_000, device))
    assert isinstance(code, bytes)
    payload = cwt.COSE.new().decode(code, _cose_key(device, b""))
    assert token in payload


def _cose_key(key: ec.EllipticCurvePrivateKey, kid: bytes) -> Any:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return cwt.COSEKey.from_pem(pem, kid=kid, alg="ES256")
