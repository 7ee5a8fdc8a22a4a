"""The published vectors of lists, read by our Python; and all vectors judged by python-cwt, which is none of ours."""

import contextlib
import json
import runpy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
import cwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ksdb.core.cose import ListFault
from ksdb.core.status_list import StatusList, check_delta, check_status_list
from ksdb.core.token import Claims, Form, IssuerKey, Usage, check_token, from_digits
from ksdb.core.trust_list import TrustList, check_list, point_of

ROOT = Path(__file__).parent.parent.parent
CARDS, LISTS = (
    json.loads((ROOT / "tests" / "vectors" / name).read_text(encoding="utf-8")) for name in ("cards.json", "lists.json")
)
PARTS = ("trust_lists", "status_lists", "deltas")


def _key(key: dict[str, Any]) -> IssuerKey:
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(key["public_key"]))
    return IssuerKey(key["kid"], public, Usage(key["usage"]), key["not_before"], key["not_after"])


OFFLINE_ROOT = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(LISTS["root"]))
TRUST = {key["kid"]: _key(key) for key in LISTS["trust_lists"][0]["says"]["keys"]}
CARD_TRUST = {key["kid"]: _key(key) for key in CARDS["trust"]}


def read(part: str, vector: dict[str, Any]) -> TrustList | StatusList | ListFault:
    signed, at = bytes.fromhex(vector["signed"]), datetime.fromtimestamp(vector["at"], UTC)
    if part == "trust_lists":
        return check_list(signed, OFFLINE_ROOT, vector["newest"])
    if part == "status_lists":
        return check_status_list(signed, TRUST, at, vector["newest"])
    known = read("status_lists", LISTS["status_lists"][0])
    assert isinstance(known, StatusList)
    return check_delta(signed, known, TRUST, at)


def said(found: TrustList | StatusList, vector: dict[str, Any]) -> dict[str, Any]:
    if isinstance(found, TrustList):
        keys = [{"kid": key.kid, "public_key": point_of(key.public_key).hex(), "usage": key.usage,
                 "not_before": key.not_before, "not_after": key.not_after} for key in found.keys]  # fmt: skip
        return {"keys": keys}
    return {"statuses": [[index, found.of(index)] for index, _ in vector["says"]["statuses"]]}


@pytest.mark.parametrize("part", PARTS)
def test_lists_are_read_as_the_vectors_say(part: str) -> None:
    for vector in LISTS[part]:
        found = read(part, vector)
        if isinstance(found, ListFault):
            assert vector["fault"] == found, vector["name"]
        else:
            assert vector["fault"] is None, vector["name"]
            assert (found.serial, said(found, vector)) == (vector["serial"], vector["says"]), vector["name"]


def test_the_vectors_hold_every_fault_of_a_list() -> None:
    assert {vector["fault"] for part in PARTS for vector in LISTS[part]} == {None, *map(str, ListFault)}


def test_the_lists_are_what_the_script_writes() -> None:
    assert json.loads(runpy.run_path(str(ROOT / "tools" / "list_vectors.py"))["document"]()) == LISTS


def test_a_revoked_card_is_good_by_itself_and_refused_by_its_list() -> None:
    at = datetime.fromtimestamp(CARDS["listed"][0]["at"], UTC)
    listed = check_status_list(bytes.fromhex(CARDS["status_list"]), CARD_TRUST, at)
    assert isinstance(listed, StatusList)
    for vector in CARDS["listed"]:
        claims = vector["claims"]
        made = Claims(claims["card_index"], Form(claims["form"]), claims["expires_at"])
        assert check_token(vector["text"], CARD_TRUST, at) == made
        assert listed.of(made.card_index) == vector["listed"], vector["name"]
    assert {vector["listed"] for vector in CARDS["listed"]} == {0, 1, 2, 3}


# The oracle. It reads more leniently than we do; what it believes and we refuse is listed here, each for its reason.

LOOSER = {
    "bytes: a length in two bytes that fits in one": "deterministic encoding is ours",
    "bytes: a byte left over": "it stops at the end of the message",
    "bytes: array of indefinite length": "deterministic encoding is ours",
    "not ours: one header more": "our header holds two entries",
    "not ours: no expiry": "a CWT needs none",
    "not ours: one claim more": "our claims are three",
    "not ours: claims in another order": "ours are in one order",
    "not ours: an index of three bytes": "what the claims mean is ours",
    "not ours: form 4": "what the claims mean is ours",
    "not ours: form true": "what the claims mean is ours",
    "not ours: expiry true": "what the claims mean is ours",
    "not ours: expiry as a float": "what the claims mean is ours",
    "not ours: expiry beyond 32 bits": "what the claims mean is ours",
    "not ours: expiry before 1970": "what the claims mean is ours",
    "not ours: kid of one byte": "which key is named is ours",
    "not ours: kid of three bytes": "which key is named is ours",
    "not ours: no kid": "which key is named is ours",
    "not ours: something unprotected": "unprotected headers are allowed by RFC 9052",
    "not ours: a claim twice": "its CBOR reader keeps the last",
}
SIGNED = {None, "expired", "key_not_valid"}
"""What is rightly signed, and refused, if at all, for what it says."""


def opened(coded: bytes, point: bytes) -> bytes | None:
    """The payload, if python-cwt finds the signature of that key right; whatever else it raises is a refusal."""
    with contextlib.suppress(Exception):
        head = cbor2.loads(cbor2.loads(coded).value[0])
        parts = {1: 2, 3: head.get(1), -1: 1, -2: point[1:33], -3: point[33:], 4: [2]}
        return bytes(cwt.COSE.new().decode(coded, cwt.COSEKey.new(parts | ({2: head[4]} if 4 in head else {}))))
    return None


def believed_by_cwt(vector: dict[str, Any]) -> dict[Any, Any] | None:
    """The claims of a token whose signature it finds right under the key that its kid names, else under key 1."""
    coded = from_digits(vector["text"])
    if not isinstance(coded, bytes):
        return None
    points = {key["kid"]: bytes.fromhex(key["public_key"]) for key in CARDS["trust"]}
    payload = opened(coded, points.get(_kid_in(coded), points[1]))
    return dict(cbor2.loads(payload)) if payload is not None else None


def _kid_in(coded: bytes) -> int:
    with contextlib.suppress(Exception):
        return int.from_bytes(cbor2.loads(cbor2.loads(coded).value[0])[4], "big")
    return 1


def test_cwt_judges_every_token_as_we_do() -> None:
    unlike = {}
    for vector in CARDS["vectors"]:
        claims = believed_by_cwt(vector)
        expected = vector["fault"] in SIGNED or vector["name"] in LOOSER
        if (claims is not None) != expected:
            unlike[vector["name"]] = claims
        elif vector["fault"] is None:
            said_here = vector["claims"]
            assert claims == {
                4: said_here["expires_at"],
                7: said_here["card_index"].to_bytes(4, "big"),
                -65537: said_here["form"],
            }
    assert unlike == {}
    assert LOOSER.keys() <= {vector["name"] for vector in CARDS["vectors"]}


def test_cwt_judges_every_list_as_we_do() -> None:
    points = {kid: point_of(key.public_key) for kid, key in TRUST.items()}
    for part in PARTS:
        for vector in LISTS[part]:
            coded = bytes.fromhex(vector["signed"])
            if part == "deltas" and vector["fault"] not in {"unreadable", "not_ours"}:
                coded = cbor2.loads(coded)[0]
            point = bytes.fromhex(LISTS["root"]) if part == "trust_lists" else points.get(_kid_in(coded), points[2])
            is_signed = opened(coded, point) is not None
            if vector["fault"] in {None, "expired", "older", "wrong_length", "key_not_valid"}:
                assert is_signed, vector["name"]
            if vector["fault"] == "bad_signature" and part != "deltas":
                assert not is_signed, vector["name"]
