"""The trust list and the status list: what a reader believes, and that other people's code reads the same."""

import hashlib
import zlib
from datetime import UTC, datetime, timedelta

import cbor2
import cwt
import numpy as np
import pytest
import token_status_list as theirs
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from ksdb.core.cose import ListFault, sign
from ksdb.core.status_list import (
    CAPACITY,
    KIND,
    LIFE,
    Listed,
    Signer,
    StatusList,
    changed,
    changes_between,
    check_delta,
    check_status_list,
    coded_delta,
    empty,
    merged,
    packed,
    sign_head,
    sign_status_list,
    unpacked,
)
from ksdb.core.token import IssuerKey, Usage
from ksdb.core.trust_list import TrustList, check_list, coded, read_unsigned, root_id, sign_list

AT = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())
ROOT = ec.derive_private_key(2001, ec.SECP256R1())
CARD_KEY = ec.derive_private_key(2002, ec.SECP256R1())
STATUS_KEY = ec.derive_private_key(2003, ec.SECP256R1())
KEYS = (
    IssuerKey(1, CARD_KEY.public_key(), Usage.CARD, SECONDS - 1000, SECONDS + 1000),
    IssuerKey(2, STATUS_KEY.public_key(), Usage.STATUS, SECONDS - 1000, SECONDS + 10_000_000),
)
TRUST = {key.kid: key for key in KEYS}
LIST = TrustList(7, SECONDS, KEYS)
SIGNED = sign_list(coded(LIST), ROOT)
SIGNER = Signer(2, STATUS_KEY)


def some_statuses() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    statuses = empty()
    for place, listed in ((5, 1), (6, 2), (7, 3), (CAPACITY - 1, 1)):
        statuses[place] = listed
    return statuses


STATUSES = some_statuses()
TOKEN = sign_status_list(STATUSES, 9, AT, SIGNER)


def test_a_trust_list_says_its_keys() -> None:
    assert check_list(SIGNED, ROOT.public_key()) == LIST
    assert read_unsigned(coded(LIST)) == LIST


def test_an_older_trust_list_is_refused() -> None:
    assert check_list(SIGNED, ROOT.public_key(), 7) == LIST
    assert check_list(SIGNED, ROOT.public_key(), 8) == ListFault.OLDER


def test_another_root_is_not_believed() -> None:
    assert check_list(SIGNED, CARD_KEY.public_key()) == ListFault.UNKNOWN_KEY
    posing = sign("application/ksdb-trust-list+cbor", root_id(ROOT.public_key()), coded(LIST), CARD_KEY)
    assert check_list(posing, ROOT.public_key()) == ListFault.BAD_SIGNATURE


def test_every_flipped_bit_of_a_trust_list_is_refused() -> None:
    for place in range(len(SIGNED) * 8):
        bad = bytearray(SIGNED)
        bad[place // 8] ^= 1 << place % 8
        assert isinstance(check_list(bytes(bad), ROOT.public_key()), ListFault)


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered_with_a_fault(noise: bytes) -> None:
    assert isinstance(check_list(noise, ROOT.public_key()), ListFault)
    assert isinstance(check_status_list(noise, TRUST, AT), ListFault)
    assert isinstance(check_delta(noise, StatusList(1, 1, empty()), TRUST, AT), ListFault)
    assert isinstance(read_unsigned(noise), ListFault)


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({0: 2, 1: 7, 2: 1, 3: []}, ListFault.NOT_OURS),
        ({0: 1, 1: 0, 2: 1, 3: []}, ListFault.NOT_OURS),
        ({0: 1, 1: 7, 2: 1, 3: [], 4: 1}, ListFault.NOT_OURS),
        ({0: 1, 1: 7, 2: 1, 3: [{1: 1}]}, ListFault.NOT_OURS),
        ({0: 1, 1: 7, 2: 1, 3: [{1: 1, 2: -7, 3: b"\x04" * 65, 4: 1, 5: 0, 6: 9}]}, ListFault.NOT_OURS),
        ({0: 1, 1: 7, 2: 1, 3: [{1: 1, 2: -8, 3: b"", 4: 1, 5: 0, 6: 9}]}, ListFault.NOT_OURS),
        ([1], ListFault.NOT_OURS),
    ],
)
def test_a_signed_list_of_another_shape_is_refused(payload: object, fault: ListFault) -> None:
    assert check_list(sign_list(cbor2.dumps(payload), ROOT), ROOT.public_key()) == fault


def test_a_kid_twice_is_refused() -> None:
    twice = TrustList(7, SECONDS, (KEYS[0], KEYS[0]))
    assert check_list(sign_list(coded(twice), ROOT), ROOT.public_key()) == ListFault.NOT_OURS


def test_the_bits_lie_as_in_the_example_of_the_standard() -> None:
    """Section 4 of the draft: twelve statuses of two bits, and their zlib form."""
    statuses = np.array([1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3], np.uint8)
    assert packed(statuses) == bytes([0xC9, 0x44, 0xF9])
    assert theirs.b64url_encode(zlib.compress(packed(statuses), 9)) == b"eNo76fITAAPfAgc"
    assert (unpacked(bytes([0xC9, 0x44, 0xF9])) == statuses).all()


def test_another_implementation_reads_the_same_statuses() -> None:
    generator = np.random.default_rng(5)
    statuses = generator.choice(4, CAPACITY, p=[0.9, 0.06, 0.02, 0.02]).astype(np.uint8)
    lst = cbor2.loads(cbor2.loads(sign_status_list(statuses, 9, AT, SIGNER)).value[2])[65533]
    read = theirs.BitArray(lst["bits"], zlib.decompress(lst["lst"]))
    assert len(read) == CAPACITY
    for place in generator.choice(CAPACITY, 20_000, replace=False):
        assert read[int(place)] == statuses[place]


def test_cwt_believes_the_signature_and_reads_the_claims() -> None:
    point = STATUS_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    key = cwt.COSEKey.new({1: 2, 2: (2).to_bytes(2, "big"), 3: -7, -1: 1, -2: point[1:33], -3: point[33:], 4: [2]})
    _, protected, payload = _opened(TOKEN, key)
    assert protected[16] == "application/statuslist+cwt"
    assert payload[2] == "ksdb:cards"
    assert payload[4] - payload[6] == LIFE.total_seconds()
    assert payload[65533]["bits"] == 2


def _opened(token: bytes, key: object) -> tuple[None, dict[int, object], dict[int, object]]:
    headers, _, payload = cwt.COSE.new().decode_with_headers(token, key)  # type: ignore[arg-type]
    return None, dict(headers), cbor2.loads(payload)


def test_a_status_list_says_the_status_of_each_card() -> None:
    read = check_status_list(TOKEN, TRUST, AT)
    assert isinstance(read, StatusList)
    assert (read.serial, read.made_at) == (9, SECONDS)
    assert [read.of(n) for n in (4, 5, 6, 7, CAPACITY - 1)] == [
        Listed.VALID,
        Listed.INVALID,
        Listed.SUSPENDED,
        Listed.ATTENTION,
        Listed.INVALID,
    ]
    assert read.of(CAPACITY) == Listed.ATTENTION, "a card beyond the list is nobody's, and never green"


def test_a_status_list_that_is_not_believed() -> None:
    later = AT + LIFE
    card_key_poses = sign_status_list(STATUSES, 9, AT, Signer(1, CARD_KEY))
    wrong_key = sign_status_list(STATUSES, 9, AT, Signer(2, CARD_KEY))
    stranger = sign_status_list(STATUSES, 9, AT, Signer(3, CARD_KEY))
    assert check_status_list(TOKEN, TRUST, later) == ListFault.EXPIRED
    assert check_status_list(card_key_poses, TRUST, AT) == ListFault.KEY_NOT_VALID
    assert check_status_list(wrong_key, TRUST, AT) == ListFault.BAD_SIGNATURE
    assert check_status_list(stranger, TRUST, AT) == ListFault.UNKNOWN_KEY
    assert check_status_list(TOKEN, TRUST, AT, newest=10) == ListFault.OLDER
    assert check_status_list(SIGNED, TRUST, AT) == ListFault.NOT_OURS, "a trust list is no status list"
    assert check_status_list(TOKEN[:-1], TRUST, AT) == ListFault.UNREADABLE


@pytest.mark.parametrize("size", [0, CAPACITY // 4 - 1, CAPACITY // 4 + 1, 50_000_000])
def test_a_list_of_another_length_is_refused_without_inflating_it_all(size: int) -> None:
    said = {2: "ksdb:cards", 4: SECONDS + 9, 6: SECONDS, 65533: {"lst": zlib.compress(bytes(size), 9), "bits": 2}}
    token = sign(KIND, b"\x00\x02", cbor2.dumps(said | {65534: 60, -65538: 9}), STATUS_KEY)
    assert check_status_list(token, TRUST, AT) == ListFault.WRONG_LENGTH


def test_a_delta_leads_to_the_newer_list_and_to_no_other() -> None:
    known = StatusList(9, SECONDS, STATUSES)
    after = STATUSES.copy()
    after[[5, 900]] = [0, 2]
    changes = changes_between(STATUSES, after)
    assert len(changes) == 8
    later = AT + timedelta(minutes=1)
    head = sign_head(after, 10, later, SIGNER)
    read = check_delta(coded_delta(head, changes), known, TRUST, later)
    assert isinstance(read, StatusList)
    assert read.serial == 10
    assert (read.statuses == after).all()
    assert known.of(5) == Listed.INVALID, "the list that was known stays as it was"
    assert check_delta(coded_delta(head, b""), known, TRUST, later) == ListFault.BAD_SIGNATURE
    assert check_delta(coded_delta(head, changes[:-1]), known, TRUST, later) == ListFault.BAD_SIGNATURE
    beyond = (CAPACITY * 4).to_bytes(4, "big")
    assert check_delta(coded_delta(head, beyond), known, TRUST, later) == ListFault.BAD_SIGNATURE
    assert check_delta(coded_delta(TOKEN, changes), known, TRUST, later) == ListFault.NOT_OURS
    newer = StatusList(11, SECONDS, STATUSES)
    assert check_delta(coded_delta(head, changes), newer, TRUST, later) == ListFault.OLDER
    bomb = cbor2.dumps([head, zlib.compress(bytes(CAPACITY * 4 + 1), 9)])
    assert check_delta(bomb, known, TRUST, later) == ListFault.WRONG_LENGTH


steps = st.lists(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 3)), max_size=6), min_size=1, max_size=6)


@given(steps)
@settings(max_examples=100, deadline=None)
def test_differences_one_after_another_are_one_difference(changes: list[list[tuple[int, int]]]) -> None:
    first = empty(16)
    now, parts = first, []
    for step in changes:
        after = now.copy()
        for place, status in step:
            after[place] = status
        parts.append(changes_between(now, after))
        now = after
    read = changed(first, merged(parts))
    assert read is not None
    assert hashlib.sha256(packed(read)).digest() == hashlib.sha256(packed(now)).digest()
