import json
import runpy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cwt.cose_key_interface import COSEKeyInterface
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.cast import AT, CLAIMS, KEY, SECONDS, TOKEN, TRUST, bytes_of

from ksdb.core.token import (
    MAX_BYTES,
    VERSION,
    Claims,
    Form,
    IssuerKey,
    TokenFault,
    Usage,
    check_token,
    digit_count,
    from_digits,
    read_token,
    sign_token,
    to_digits,
)

ROOT = Path(__file__).parent.parent.parent
VECTORS = json.loads((ROOT / "tests" / "vectors" / "cards.json").read_text(encoding="utf-8"))


def test_a_token_is_97_bytes_and_235_digits() -> None:
    assert len(bytes_of(TOKEN)) == 97
    assert len(TOKEN) == 235
    assert TOKEN[0] == VERSION == "1"
    assert TOKEN.isdigit()


def test_a_good_token_says_its_claims() -> None:
    assert check_token(TOKEN, TRUST, AT) == CLAIMS


def test_the_same_claims_give_the_same_token() -> None:
    assert sign_token(CLAIMS, 1, KEY) == TOKEN


@given(st.integers(0, 2**32 - 1), st.sampled_from(Form), st.integers(SECONDS + 1, 2**32 - 1), st.integers(0, 2**16 - 1))
@settings(max_examples=60, deadline=None)
def test_every_card_has_a_token_of_one_length(index: int, form: Form, expires_at: int, kid: int) -> None:
    claims = Claims(index, form, expires_at)
    trust = {kid: IssuerKey(kid, KEY.public_key(), Usage.CARD, 0, 2**32)}
    token = sign_token(claims, kid, KEY)
    assert len(token) == 235
    assert check_token(token, trust, AT) == claims


def test_every_flipped_bit_is_refused() -> None:
    coded = bytes_of(TOKEN)
    for bit in range(len(coded) * 8):
        changed = bytearray(coded)
        changed[bit // 8] ^= 1 << bit % 8
        assert isinstance(check_token(to_digits(bytes(changed)), TRUST, AT), TokenFault), bit


def test_every_changed_digit_is_refused() -> None:
    for place, digit in enumerate(TOKEN):
        other = str((int(digit) + 1 + place % 9) % 10)
        assert other != digit
        assert isinstance(check_token(TOKEN[:place] + other + TOKEN[place + 1 :], TRUST, AT), TokenFault), place


@given(st.binary(min_size=1, max_size=MAX_BYTES))
def test_digits_hold_any_bytes(coded: bytes) -> None:
    text = to_digits(coded)
    assert from_digits(text) == coded
    assert len(text) == 1 + digit_count(len(coded))


def test_a_width_tells_the_length() -> None:
    widths = [digit_count(n) for n in range(1, MAX_BYTES + 1)]
    assert len(set(widths)) == MAX_BYTES
    for n in range(1, MAX_BYTES + 1):
        assert 10 ** (digit_count(n) - 1) <= 256**n - 1 < 10 ** digit_count(n)


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert isinstance(check_token(text, TRUST, AT), TokenFault)


@given(st.binary(min_size=1, max_size=MAX_BYTES))
@settings(max_examples=500)
def test_any_bytes_get_an_answer(coded: bytes) -> None:
    assert read_token(to_digits(coded)) in {TokenFault.UNREADABLE, TokenFault.NOT_OURS}


@given(st.data())
@settings(max_examples=300)
def test_a_damaged_token_gets_an_answer(data: st.DataObject) -> None:
    coded = bytearray(bytes_of(TOKEN))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(coded) - 1))
        coded[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        coded = coded or bytearray(b"\0")
    answer = check_token(to_digits(bytes(coded)), TRUST, AT)
    assert isinstance(answer, TokenFault) or bytes(coded) == bytes_of(TOKEN)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (SECONDS - 101, TokenFault.KEY_NOT_VALID),
        (SECONDS - 100, CLAIMS),
        (SECONDS + 99, CLAIMS),
        (SECONDS + 100, TokenFault.KEY_NOT_VALID),
    ],
)
def test_a_keys_time_is_half_open(at: int, expected: Claims | TokenFault) -> None:
    assert check_token(TOKEN, TRUST, datetime.fromtimestamp(at, UTC)) == expected


def test_a_key_of_another_usage_signs_no_cards() -> None:
    trust = {1: IssuerKey(1, KEY.public_key(), Usage.STATUS, 0, 2**32)}
    assert check_token(TOKEN, trust, AT) == TokenFault.KEY_NOT_VALID


def test_an_unknown_kid() -> None:
    assert check_token(sign_token(CLAIMS, 2, KEY), TRUST, AT) == TokenFault.UNKNOWN_KEY


def test_a_strangers_signature() -> None:
    stranger = ec.derive_private_key(77, ec.SECP256R1())
    assert check_token(sign_token(CLAIMS, 1, stranger), TRUST, AT) == TokenFault.BAD_SIGNATURE


def test_it_expires_at_its_second() -> None:
    token = sign_token(Claims(5, Form.PLASTIC, SECONDS), 1, KEY)
    assert check_token(token, TRUST, AT) == TokenFault.EXPIRED
    before = datetime.fromtimestamp(SECONDS - 0.001, UTC)
    assert isinstance(check_token(token, TRUST, before), Claims)


def test_a_forgery_is_a_forgery_even_when_expired() -> None:
    stranger = ec.derive_private_key(77, ec.SECP256R1())
    token = sign_token(Claims(5, Form.PLASTIC, 1), 1, stranger)
    assert check_token(token, TRUST, AT) == TokenFault.BAD_SIGNATURE


# The independent oracle: python-cwt, which shares no code with ours.


def _cose_key(pem: bytes, kid: bytes) -> COSEKeyInterface:
    return cwt.COSEKey.from_pem(pem, kid=kid, alg="ES256")


def test_python_cwt_believes_our_token() -> None:
    point = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    long_lived = bytes_of(sign_token(Claims(123456, Form.PAPER, 2**32 - 1), 1, KEY))
    said = cwt.decode(long_lived, _cose_key(point, b"\0\1"))
    assert said == {4: 2**32 - 1, 7: (123456).to_bytes(4, "big"), -65537: 2}


def test_we_believe_a_token_of_python_cwt() -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    payload = bytes_of(TOKEN)[12:31]
    signer = cwt.COSE.new(alg_auto_inclusion=False, kid_auto_inclusion=False)
    coded = signer.encode_and_sign(payload, _cose_key(pem, b"\0\1"), protected={1: -7, 4: b"\0\1"}, unprotected={})
    assert check_token(to_digits(coded), TRUST, AT) == CLAIMS


# The vectors that other readers are held to.


def _trust() -> dict[int, IssuerKey]:
    return {
        key["kid"]: IssuerKey(
            kid=key["kid"],
            public_key=ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(key["public_key"])),
            usage=Usage(key["usage"]),
            not_before=key["not_before"],
            not_after=key["not_after"],
        )
        for key in VECTORS["trust"]
    }


@pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: vector["name"])
def test_vector(vector: dict[str, Any]) -> None:
    answer = check_token(vector["text"], _trust(), datetime.fromtimestamp(vector["at"], UTC))
    if vector["fault"]:
        assert answer == TokenFault(vector["fault"])
    else:
        said = vector["claims"]
        assert answer == Claims(said["card_index"], Form(said["form"]), said["expires_at"])


def test_vectors_cover_every_fault_and_none() -> None:
    assert {vector["fault"] for vector in VECTORS["vectors"]} == {None, *map(str, TokenFault)}


def test_the_vectors_are_what_the_script_writes() -> None:
    made = runpy.run_path(str(ROOT / "tools" / "vectors.py"))["document"]()
    assert json.loads(made) == VECTORS
