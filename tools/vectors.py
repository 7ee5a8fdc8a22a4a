"""Writes tests/vectors/cards.json: golden card tokens, good and bad, for readers in any language.

Everything is fixed (keys, claims, RFC 6979 signatures), so the same code writes the same file; a test holds it to that.
"""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ksdb.core.electronic import bind_token, show_code
from ksdb.core.status_list import Signer, empty, sign_status_list
from ksdb.core.token import VERSION, Claims, Form, Usage, from_digits, sign_token, to_digits

PATH = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "cards.json"

AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
EXPIRES_AT = int(datetime(2028, 11, 1, 17, 0, tzinfo=UTC).timestamp())
YEAR = 365 * 86400
KEYS = {kid: ec.derive_private_key(1000 + kid, ec.SECP256R1()) for kid in (1, 2, 3, 4, 258)}
"""Test keys: the private scalar of kid n is 1000 + n. Never trust them."""


@dataclass
class TrustedKey:
    kid: int
    public_key: str
    usage: str
    not_before: int
    not_after: int


@dataclass
class Vector:
    """`fault` null: the token is good and `claims` is what it says."""

    name: str
    text: str
    fault: str | None = None
    claims: dict[str, int] | None = None
    at: int = field(default=int(AT.timestamp()))


def trust() -> list[TrustedKey]:
    at = int(AT.timestamp())
    return [
        _trusted(1, Usage.CARD, at - YEAR, at + 2 * YEAR),
        _trusted(2, Usage.STATUS, at - YEAR, at + 2 * YEAR),
        _trusted(3, Usage.CARD, at - 2 * YEAR, at),
        _trusted(258, Usage.CARD, at, at + YEAR),
    ]


def _trusted(kid: int, usage: Usage, not_before: int, not_after: int) -> TrustedKey:
    point = KEYS[kid].public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return TrustedKey(kid, point.hex(), usage, not_before, not_after)


def token(index: int = 123456, form: Form = Form.PAPER, expires_at: int = EXPIRES_AT, kid: int = 1) -> str:
    return sign_token(Claims(index, form, expires_at), kid, KEYS[kid])


def coded() -> bytes:
    made = from_digits(token())
    assert isinstance(made, bytes)  # noqa: S101 - our own token
    return made


def message(protected: object, payload: object, unprotected: object = None, tag: int = 18) -> bytes:
    """A COSE_Sign1 of any parts, rightly signed by key 1."""
    head = protected if isinstance(protected, bytes) else cbor2.dumps(protected)
    body = payload if isinstance(payload, bytes) else cbor2.dumps(payload)
    to_sign = cbor2.dumps(["Signature1", head, b"", body])
    r, s = decode_dss_signature(KEYS[1].sign(to_sign, ec.ECDSA(SHA256(), deterministic_signing=True)))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return cbor2.dumps(cbor2.CBORTag(tag, [head, unprotected or {}, body, signature]))


HEAD = {1: -7, 4: b"\0\1"}
BODY = {4: EXPIRES_AT, 7: (123456).to_bytes(4, "big"), -65537: 2}


def good() -> Iterator[Vector]:
    for name, index, form in (
        ("paper card", 123456, Form.PAPER),
        ("electronic card", 1, Form.ELECTRONIC),
        ("plastic card, highest index of the first capacity", 2**22 - 1, Form.PLASTIC),
        ("highest index of all", 2**32 - 1, Form.PAPER),
    ):
        claims = {"card_index": index, "form": int(form), "expires_at": EXPIRES_AT}
        yield Vector(name, token(index, form), claims=claims)
    claims = {"card_index": 123456, "form": 2, "expires_at": EXPIRES_AT}
    yield Vector("two-byte kid, at the first second of its key", token(kid=258), claims=claims)
    yield Vector("algorithm ESP256 (-9)", to_digits(message(HEAD | {1: -9}, BODY)), claims=claims)
    last = int(AT.timestamp()) + 1
    yield Vector("last second before expiry", token(expires_at=last), claims=claims | {"expires_at": last})


def not_digits() -> Iterator[Vector]:
    text = token()
    for name, bad in (
        ("nothing", ""),
        ("version digit alone", VERSION),
        ("a digit too few", text[:-1]),
        ("a digit too many", text + "0"),
        ("a leading zero more", VERSION + "0" + text[1:]),
        ("a letter", text[:100] + "a" + text[101:]),
        ("a space at the end", text[:-1] + " "),
        ("a line end", text + "\n"),
        ("a minus", "-" + text[1:]),
        ("an underscore between digits", text[:50] + "_" + text[51:]),
        ("Arabic-Indic digits", text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))),
        ("full-width digits", text.translate(str.maketrans("0123456789", "０１２３４５６７８９"))),
        ("all nines: a number too large for its width", VERSION + "9" * 234),
        ("a national QR of 2021", "000000000000|Nguyễn Thị Lan|01/01/1956|1|ABC|"),
        ("an EU certificate", "HC1:6BFOXN%TS3DHPVO13J /G-/2YRVA.Q/R8VRU2FC"),
    ):
        yield Vector(f"not digits: {name}", bad, "unreadable")
    for digit in "0298":
        yield Vector(f"version digit {digit}", digit + text[1:], "not_ours")


def not_cbor() -> Iterator[Vector]:
    whole = coded()
    indefinite = bytes.fromhex("d29f") + whole[2:] + b"\xff"
    long_head = whole[:2] + b"\x58\x07" + whole[3:]
    for name, bad in (
        ("zeros", bytes(97)),
        ("cut off", whole[:-1]),
        ("a byte left over", whole + b"\0"),
        ("array of indefinite length", indefinite),
        ("a length in two bytes that fits in one", long_head),
        ("arrays 380 deep", b"\x81" * 380 + b"\0"),
        ("tags 380 deep", b"\xd2" * 380 + b"\0"),
        ("an array that claims 2^31 items", bytes.fromhex("9a7fffffff") + bytes(92)),
        ("a string that claims 2^63 bytes", bytes.fromhex("5b7fffffffffffffff") + bytes(88)),
        ("a pattern (tag 35)", cbor2.dumps(cbor2.CBORTag(35, []))),
        ("a decimal with a huge exponent (tag 4)", bytes.fromhex("c4821b7fffffffffffffff01")),
        ("a duplicate key in a map", bytes.fromhex("a201020102")),
        ("a float", bytes.fromhex("fb3ff0000000000000")),
    ):
        # A tag is strict CBOR, whatever it means elsewhere: read, and found to be something else than ours.
        yield Vector(f"bytes: {name}", to_digits(bad), "not_ours" if "(tag" in name else "unreadable")


def not_ours() -> Iterator[Vector]:
    for name, made in (
        ("tag 17", message(HEAD, BODY, tag=17)),
        ("tag 61 around it", cbor2.dumps(cbor2.CBORTag(61, cbor2.loads(coded())))),
        ("no tag", coded()[1:]),
        ("algorithm ES384", message(HEAD | {1: -35}, BODY)),
        ("algorithm EdDSA", message(HEAD | {1: -8}, BODY)),
        ("algorithm HMAC", message(HEAD | {1: 5}, BODY)),
        ("no algorithm", message({4: b"\0\1"}, BODY)),
        ("kid of one byte", message({1: -7, 4: b"\1"}, BODY)),
        ("kid of three bytes", message({1: -7, 4: b"\0\0\1"}, BODY)),
        ("no kid", message({1: -7}, BODY)),
        ("one header more", message(HEAD | {5: b"\0"}, BODY)),
        ("something unprotected", message(HEAD, BODY, {4: b"\0\1"})),
        ("no expiry", message(HEAD, {k: v for k, v in BODY.items() if k != 4})),
        ("one claim more", message(HEAD, BODY | {8: 1})),
        ("claims in another order", message(HEAD, dict(sorted(BODY.items())))),
        ("a claim twice", message(HEAD, bytes.fromhex("a4041a00000001") + cbor2.dumps(BODY)[1:])),
        ("an index of three bytes", message(HEAD, BODY | {7: b"\0\0\1"})),
        ("form 4", message(HEAD, BODY | {-65537: 4})),
        ("form true", message(HEAD, BODY | {-65537: True})),
        ("expiry true", message(HEAD, BODY | {4: True})),
        ("expiry as a float", message(HEAD, BODY | {4: float(EXPIRES_AT)})),
        ("expiry beyond 32 bits", message(HEAD, BODY | {4: 2**32})),
        ("expiry before 1970", message(HEAD, BODY | {4: -1})),
        ("a signature of 63 bytes", cbor2.dumps(_with_signature(coded()[-64:-1]))),
    ):
        yield Vector(f"not ours: {name}", to_digits(made), "not_ours")


def _with_signature(signature: bytes) -> cbor2.CBORTag:
    parts = cbor2.loads(coded()).value
    return cbor2.CBORTag(18, [*parts[:3], signature])


def not_believed() -> Iterator[Vector]:
    whole = coded()
    yield Vector("kid 4 is not in the list", token(kid=4), "unknown_key")
    yield Vector("the key signs status lists", token(kid=2), "key_not_valid")
    yield Vector("the key's time has just ended", token(kid=3), "key_not_valid")
    yield Vector("the key's time has not begun", token(kid=258), "key_not_valid", at=int(AT.timestamp()) - 1)
    for name, signature in (
        ("of zeros", bytes(64)),
        ("of ones", b"\xff" * 64),
        ("with r and s changed over", whole[-32:] + whole[-64:-32]),
        ("of another card", bytes(from_digits(token(index=7)) or b"")[-64:]),  # type: ignore[arg-type]
    ):
        yield Vector(f"a signature {name}", to_digits(whole[:-64] + signature), "bad_signature")
    other = from_digits(sign_token(Claims(123456, Form.PAPER, EXPIRES_AT), 1, KEYS[4]))
    assert isinstance(other, bytes)  # noqa: S101 - our own token
    yield Vector("signed by a stranger under our kid", to_digits(other), "bad_signature")
    for place in (9, 20, 25, 30, 33, 60, 96):
        changed = bytes(b ^ (1 if i == place else 0) for i, b in enumerate(whole))
        yield Vector(f"lowest bit of byte {place} flipped", to_digits(changed), _fault_of_flip(place))
    yield Vector("expired this second", token(expires_at=int(AT.timestamp())), "expired")
    yield Vector("expired long ago", token(expires_at=1), "expired")


def _fault_of_flip(place: int) -> str:
    return {9: "unknown_key", 20: "not_ours", 25: "not_ours"}.get(place, "bad_signature")


DEVICE = ec.derive_private_key(2001, ec.SECP256R1())
STRANGER = ec.derive_private_key(2002, ec.SECP256R1())
SHOWN_AT = int(AT.timestamp())


def bound(expires_at: int = EXPIRES_AT, kid: int = 1) -> bytes:
    claims = Claims(123456, Form.ELECTRONIC, expires_at)
    return bind_token(claims, kid, KEYS.get(kid, KEYS[4]), DEVICE.public_key())


def presentations() -> Iterator[Vector]:
    """Codes of an electronic card, read `at` by a clock that may be wrong."""
    claims = {"card_index": 123456, "form": 1, "expires_at": EXPIRES_AT, "issued_at": SHOWN_AT}
    code = show_code(bound(), SHOWN_AT, DEVICE)
    day = 86400
    for skew, fault in (
        (-day, "from_the_future"), (-31, "from_the_future"), (-30, ""), (-1, ""), (0, ""), (30, ""), (90, ""),
        (91, "old_code"), (3600, "old_code"), (day, "old_code"), (day + 1, "too_old"), (9 * day, "too_old"),
    ):  # fmt: skip
        name = f"code: the scanner's clock is {skew:+d} seconds from the phone's"
        yield Vector(name, code, fault or None, None if fault else claims, SHOWN_AT + skew)
    yield Vector("code: signed by another phone", show_code(bound(), SHOWN_AT, STRANGER), "bad_device_signature")
    whole = from_digits(code)
    assert isinstance(whole, bytes)  # noqa: S101 - our own code
    yield Vector("code: of zeros signed", to_digits(whole[:-64] + bytes(64)), "bad_device_signature")
    yield Vector(
        "code: its token is not signed by us", show_code(bound()[:-64] + bytes(64), SHOWN_AT, DEVICE), "bad_signature"
    )
    yield Vector("code: its token has expired", show_code(bound(SHOWN_AT), SHOWN_AT, DEVICE), "expired")
    yield Vector("code: its token's kid is not in the list", show_code(bound(kid=9), SHOWN_AT, DEVICE), "unknown_key")
    yield Vector("code: its token's key signs status lists", show_code(bound(kid=2), SHOWN_AT, DEVICE), "key_not_valid")
    yield Vector("code: around a token without a phone's key", show_code(coded(), SHOWN_AT, DEVICE), "not_ours")
    yield Vector("code: around nothing", show_code(b"", SHOWN_AT, DEVICE), "unreadable")
    yield Vector("code: around zeros", show_code(bytes(133), SHOWN_AT, DEVICE), "unreadable")
    yield Vector("code: the bound token alone", to_digits(bound()), "not_ours")
    yield Vector("code: cut off", to_digits(whole[:-1]), "unreadable")
    yield Vector("code: a paper card held out as one", token(), "not_ours")
    for point in (b"\2" + b"\xff" * 32, b"\5" + bound()[28:60], b"\2" + bytes(31) + b"\1"):
        body = {4: EXPIRES_AT, 7: (123456).to_bytes(4, "big"), 8: point, -65537: 1}
        yield Vector(
            f"code: no point of the curve, {point[:1].hex()}…",
            show_code(message(HEAD, body), SHOWN_AT, DEVICE),
            "not_ours",
        )


LISTED = {123456: 1, 7: 2, 8: 3}
"""What the status list of this file says of some cards: revoked, suspended, not activated."""


@dataclass
class ListedVector:
    """A token that is good by itself, and the two bits of its card."""

    name: str
    text: str
    claims: dict[str, int]
    listed: int
    at: int = field(default=int(AT.timestamp()))


def listed() -> Iterator[ListedVector]:
    for name, index in (("revoked", 123456), ("suspended", 7), ("not activated", 8), ("in use", 9)):
        claims = {"card_index": index, "form": 2, "expires_at": EXPIRES_AT}
        yield ListedVector(f"a card that is {name}", token(index), claims, LISTED.get(index, 0))
    claims = {"card_index": 2**22, "form": 2, "expires_at": EXPIRES_AT}
    yield ListedVector("a card beyond the list", token(2**22), claims, 3)


def status_list() -> str:
    statuses = empty()
    for index, said in LISTED.items():
        statuses[index] = said
    return sign_status_list(statuses, 1, AT, Signer(2, KEYS[2])).hex()


def document() -> str:
    vectors = [*good(), *not_digits(), *not_cbor(), *not_ours(), *not_believed()]
    whole = {
        "about": "Tokens of docs/card-format.md. `trust` holds for all; `codes` are of electronic cards; "
        "`listed` are good tokens with what `status_list` (hex, docs/card-format.md) says of their cards; times are "
        "seconds since 1970.",
        "trust": [asdict(key) for key in trust()],
        "vectors": [asdict(vector) for vector in vectors],
        "codes": [asdict(vector) for vector in presentations()],
        "status_list": status_list(),
        "listed": [asdict(vector) for vector in listed()],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{PATH}\n")
