"""Writes tests/vectors/lists.json: trust lists, status lists and differences, good and bad, for any language.

Everything is fixed, as in `tools/vectors.py`; a test holds the file to this code.
"""

import json
import sys
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec

from ksdb.core.cose import sign
from ksdb.core.status_list import (
    CAPACITY,
    HEAD_KIND,
    KIND,
    LIFE,
    LIST_BYTES,
    Listed,
    Signer,
    Statuses,
    changes_between,
    coded_delta,
    empty,
    sign_head,
    sign_status_list,
)
from ksdb.core.token import IssuerKey, Usage
from ksdb.core.trust_list import KIND as TRUST_KIND
from ksdb.core.trust_list import TrustList, coded, point_of, root_id, sign_list

PATH = Path(__file__).resolve().parent.parent / "tests" / "vectors" / "lists.json"

AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
SECONDS = int(AT.timestamp())
YEAR = 365 * 86400
ROOT, STRANGER = ec.derive_private_key(3001, ec.SECP256R1()), ec.derive_private_key(3002, ec.SECP256R1())
CARD_KEY, STATUS_KEY = ec.derive_private_key(1001, ec.SECP256R1()), ec.derive_private_key(1002, ec.SECP256R1())
"""Test keys; the latter two are kid 1 and 2 of `cards.json` as well. Never trust them."""
KEYS = (
    IssuerKey(1, CARD_KEY.public_key(), Usage.CARD, SECONDS - YEAR, SECONDS + 2 * YEAR),
    IssuerKey(2, STATUS_KEY.public_key(), Usage.STATUS, SECONDS - YEAR, SECONDS + 2 * YEAR),
    IssuerKey(3, STRANGER.public_key(), Usage.STATUS, SECONDS - 2 * YEAR, SECONDS),
)
SIGNER = Signer(2, STATUS_KEY)
SERIAL = 70
MARKED = {5: Listed.INVALID, 6: Listed.SUSPENDED, 7: Listed.ATTENTION, 123456: Listed.INVALID, CAPACITY - 1: 1}
NEXT = MARKED | {5: Listed.INVALID, 6: Listed.VALID, 8: Listed.INVALID, CAPACITY - 2: Listed.ATTENTION}
SHOWN = (4, 5, 6, 7, 8, 123456, CAPACITY - 2, CAPACITY - 1, CAPACITY)


@dataclass
class Vector:
    """`fault` null: it is believed, has that serial, and says what stands in `keys` or `statuses`."""

    name: str
    signed: str
    fault: str | None = None
    serial: int | None = None
    newest: int = 0
    at: int = SECONDS
    says: dict[str, Any] = field(default_factory=dict)


def statuses(marks: dict[int, Any]) -> Statuses:
    made = empty()
    for index, listed in marks.items():
        made[index] = listed
    return made


def trust(serial: int = SERIAL) -> TrustList:
    return TrustList(serial, SECONDS - 60, KEYS)


def trust_lists() -> Iterator[Vector]:
    good = sign_list(coded(trust()), ROOT)
    said = {"keys": [_key(key) for key in KEYS]}
    yield Vector("trust list", good.hex(), serial=SERIAL, says=said)
    yield Vector("trust list: the one the reader has", good.hex(), serial=SERIAL, newest=SERIAL, says=said)
    yield Vector("trust list: older than the reader has", good.hex(), "older", newest=SERIAL + 1)
    payload = cbor2.loads(coded(trust()))
    row = payload[3][0]
    for name, bad, fault in (
        ("signed by another root", sign_list(coded(trust()), STRANGER), "unknown_key"),
        ("another root under our root's name", sign(TRUST_KIND, root_id(ROOT.public_key()), coded(trust()), STRANGER),
         "bad_signature"),
        ("a bit of a key changed", good.replace(KEYS[0].not_after.to_bytes(4), (KEYS[0].not_after + 1).to_bytes(4)),
         "bad_signature"),
        ("a signature of zeros", good[:-64] + bytes(64), "bad_signature"),
        ("cut off", good[:-1], "unreadable"),
        ("a byte left over", good + b"\0", "unreadable"),
        ("a status list", sign_status_list(empty(), SERIAL, AT, SIGNER), "not_ours"),
        ("version 2", _rooted(payload | {0: 2}), "not_ours"),
        ("serial 0", _rooted(payload | {1: 0}), "not_ours"),
        ("one thing more", _rooted(payload | {4: 1}), "not_ours"),
        ("a kid twice", _rooted(payload | {3: [row, row]}), "not_ours"),
        ("one thing more in a key", _rooted(payload | {3: [row | {7: 1}]}), "not_ours"),
        ("a kid beyond 15 bits", _rooted(payload | {3: [row | {1: 2**15}]}), "not_ours"),
        ("an algorithm we do not use", _rooted(payload | {3: [row | {2: -8}]}), "not_ours"),
        ("a usage that is none", _rooted(payload | {3: [row | {4: 3}]}), "not_ours"),
        ("a point that is not on the curve", _rooted(payload | {3: [row | {3: row[3][:-1] + b"\0"}]}), "not_ours"),
        ("a compressed point", _rooted(payload | {3: [row | {3: row[3][:33]}]}), "not_ours"),
    ):  # fmt: skip
        yield Vector(f"trust list: {name}", bad.hex(), fault)


def _key(key: IssuerKey) -> dict[str, object]:
    return {**asdict(key), "public_key": point_of(key.public_key).hex(), "usage": str(key.usage)}


def _rooted(payload: dict[int, Any]) -> bytes:
    return sign_list(cbor2.dumps(payload), ROOT)


def status_lists() -> Iterator[Vector]:
    good = sign_status_list(statuses(MARKED), SERIAL, AT, SIGNER)
    said = {"statuses": _said(MARKED)}
    yield Vector("status list", good.hex(), serial=SERIAL, says=said)
    last = SECONDS + int(LIFE.total_seconds()) - 1
    yield Vector("status list: in its last second", good.hex(), serial=SERIAL, at=last, says=said)
    yield Vector("status list: expired this second", good.hex(), "expired", at=last + 1)
    yield Vector("status list: the one the reader has", good.hex(), serial=SERIAL, newest=SERIAL, says=said)
    yield Vector("status list: older than the reader has", good.hex(), "older", newest=SERIAL + 1)
    said_in = cbor2.loads(cbor2.loads(good).value[2])
    for name, bad, fault in (
        ("its key signs cards", sign_status_list(empty(), SERIAL, AT, Signer(1, CARD_KEY)), "key_not_valid"),
        ("its key's time is over", sign_status_list(empty(), SERIAL, AT, Signer(3, STRANGER)), "key_not_valid"),
        ("its kid is not in the trust list", sign_status_list(empty(), SERIAL, AT, Signer(9, STATUS_KEY)),
         "unknown_key"),
        ("a stranger under our kid", sign_status_list(empty(), SERIAL, AT, Signer(2, STRANGER)), "bad_signature"),
        ("a signature of zeros", good[:-64] + bytes(64), "bad_signature"),
        ("a bit of the list changed", good[:-80] + bytes([good[-80] ^ 1]) + good[-79:], "bad_signature"),
        ("a byte too few", _listing(said_in, bytes(LIST_BYTES - 1)), "wrong_length"),
        ("a byte too many", _listing(said_in, bytes(LIST_BYTES + 1)), "wrong_length"),
        ("nothing in it", _listing(said_in, b""), "wrong_length"),
        ("four times as long", _listing(said_in, bytes(4 * LIST_BYTES)), "wrong_length"),
        ("no zlib", _signed(said_in | {65533: {"lst": b"no zlib", "bits": 2}}), "wrong_length"),
        ("one bit a card", _signed(said_in | {65533: said_in[65533] | {"bits": 1}}), "not_ours"),
        ("of somebody else's cards", _signed(said_in | {2: "other:cards"}), "not_ours"),
        ("no serial", _signed({k: v for k, v in said_in.items() if k != -65538}), "not_ours"),
        ("no expiry", _signed({k: v for k, v in said_in.items() if k != 4}), "expired"),
        ("a head alone", sign_head(empty(), SERIAL, AT, SIGNER), "not_ours"),
        ("a trust list", sign_list(coded(trust()), ROOT), "not_ours"),
        ("cut off", good[:-1], "unreadable"),
    ):  # fmt: skip
        yield Vector(f"status list: {name}", bad.hex(), fault)


def _said(marks: dict[int, Any]) -> list[list[int]]:
    """Index and status; an index beyond the list is nobody's, and the ward is asked."""
    return [[index, 3 if index >= CAPACITY else int(marks.get(index, 0))] for index in SHOWN]


def _listing(said: dict[int, Any], bits: bytes) -> bytes:
    return _signed(said | {65533: {"lst": zlib.compress(bits, 9), "bits": 2}})


def _signed(said: dict[int, Any], kind: str = KIND) -> bytes:
    return sign(kind, (2).to_bytes(2), cbor2.dumps(said), STATUS_KEY)


def deltas() -> Iterator[Vector]:
    """Answers to a reader that has the first status list."""
    before, after = statuses(MARKED), statuses(NEXT)
    changes, head = changes_between(before, after), sign_head(after, SERIAL + 1, AT, SIGNER)
    good = coded_delta(head, changes)
    yield Vector("delta", good.hex(), serial=SERIAL + 1, says={"statuses": _said(NEXT)})
    fresh = sign_head(before, SERIAL + 5, AT + timedelta(minutes=15), SIGNER)
    said = {"statuses": _said(MARKED)}
    yield Vector("delta: nothing changed", coded_delta(fresh, b"").hex(), serial=SERIAL + 5, says=said)
    same = sign_head(before, SERIAL, AT, SIGNER)
    yield Vector("delta: to the list itself", coded_delta(same, b"").hex(), serial=SERIAL, says=said)
    yield Vector("delta: expired", good.hex(), "expired", at=SECONDS + int(LIFE.total_seconds()))
    said_in = cbor2.loads(cbor2.loads(head).value[2])
    beyond = changes + (CAPACITY << 2 | 1).to_bytes(4)
    for name, bad, fault in (
        ("to an older list", coded_delta(sign_head(after, SERIAL - 1, AT, SIGNER), changes), "older"),
        ("a change left out", coded_delta(head, changes[4:]), "bad_signature"),
        ("a change altered", coded_delta(head, changes[:-1] + bytes([changes[-1] ^ 1])), "bad_signature"),
        ("the digest of another list", coded_delta(sign_head(before, SERIAL + 1, AT, SIGNER), changes),
         "bad_signature"),
        ("a change beyond the list", coded_delta(head, beyond), "bad_signature"),
        ("half a change", coded_delta(head, changes + b"\0\0"), "bad_signature"),
        ("a stranger's head under our kid", coded_delta(sign_head(after, SERIAL + 1, AT, Signer(2, STRANGER)), changes),
         "bad_signature"),
        ("the head's key signs cards", coded_delta(sign_head(after, SERIAL + 1, AT, Signer(1, CARD_KEY)), changes),
         "key_not_valid"),
        ("the head's kid is not in the trust list",
         coded_delta(sign_head(after, SERIAL + 1, AT, Signer(9, STATUS_KEY)), changes), "unknown_key"),
        ("no digest", coded_delta(_signed({k: v for k, v in said_in.items() if k != -65539}, HEAD_KIND), changes),
         "not_ours"),
        ("a status list for a head", coded_delta(sign_status_list(after, SERIAL + 1, AT, SIGNER), changes), "not_ours"),
        ("changes that are no zlib", cbor2.dumps([head, b"no zlib"]), "wrong_length"),
        ("more changes than there are cards", coded_delta(head, bytes(16 * LIST_BYTES + 4)), "wrong_length"),
        ("a head alone", head, "not_ours"),
        ("three parts", cbor2.dumps([head, zlib.compress(changes), b""]), "not_ours"),
        ("cut off", good[:-1], "unreadable"),
    ):  # fmt: skip
        yield Vector(f"delta: {name}", bad.hex(), fault)


def document() -> str:
    whole = {
        "about": "Lists of docs/card-format.md, in hex. `root` signs the trust lists; a status list is believed by the "
        "keys of the first of them; `deltas` answer a reader that has the first status list. `newest` is the greatest "
        "serial the reader has seen, `at` its time in seconds since 1970; `statuses` are pairs of index and status.",
        "root": point_of(ROOT.public_key()).hex(),
        "trust_lists": [asdict(vector) for vector in trust_lists()],
        "status_lists": [asdict(vector) for vector in status_lists()],
        "deltas": [asdict(vector) for vector in deltas()],
    }
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
    sys.stdout.write(f"{PATH}\n")
