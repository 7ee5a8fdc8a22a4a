"""HC1: certificates of our own making, and the EU's cases where they are at hand (KSDB_DGC_CASES names the folder)."""

import base64
import io
import json
import os
import zlib
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cbor2
import numpy as np
import pytest
import zxingcpp
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ksdb.core.hc1 import MOST_CHARACTERS, Hc1Fault, Kind, read
from ksdb.core.hc1.anchors import NotAnAnchor, anchor_of, anchors_in, anchors_of
from ksdb.core.hc1.coding import MOST_BYTES, NotBase45, NotCompressed, decoded, inflated
from ksdb.core.hc1.items import NotItems, Tagged, read_items

AT = datetime(2021, 12, 25, 3, 0, tzinfo=UTC)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
KEY = ec.derive_private_key(5772, ec.SECP256R1())


def certificate_of(key: Any = KEY, usages: tuple[str, ...] = ()) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(5772).not_valid_before(AT - timedelta(days=30)).not_valid_after(AT + timedelta(days=30))
    if usages:
        made = made.add_extension(x509.ExtendedKeyUsage([x509.ObjectIdentifier(u) for u in usages]), critical=False)
    return made.sign(key, SHA256()).public_bytes(Encoding.DER)


DER = certificate_of()
ANCHORS = anchors_of([DER])
KID = next(iter(ANCHORS))
ENTRY = {
    "tg": "840539006",
    "co": "VN",
    "is": "Bộ Y tế",
    "ci": "URN:UVCI:01:VN:1#A",
    "dn": 2,
    "sd": 2,
    "dt": "2021-10-01",
}
CONTENT = {"ver": "1.3.0", "nam": {"fnt": "NGUYEN", "fn": "Nguyễn", "gn": "Thị Lan"}, "dob": "1956-01-01", "v": [ENTRY]}
CLAIMS = {1: "VN", 4: int(AT.timestamp()) + 86400, 6: int(AT.timestamp()) - 86400, -260: {1: CONTENT}}


def base45(data: bytes) -> str:
    made = ""
    for at in range(0, len(data), 2):
        number = int.from_bytes(data[at : at + 2], "big")
        made += "".join(ALPHABET[number // 45**place % 45] for place in range(len(data[at : at + 2]) + 1))
    return made


def packed(cose: bytes) -> str:
    return "HC1:" + base45(zlib.compress(cose))


def signed(claims: object = CLAIMS, head: Mapping[int, object] | None = None, key: Any = KEY) -> bytes:
    protected = cbor2.dumps({1: -7, 4: KID} if head is None else head)
    payload = claims if isinstance(claims, bytes) else cbor2.dumps(claims)
    r, s = decode_dss_signature(key.sign(cbor2.dumps(["Signature1", protected, b"", payload]), ec.ECDSA(SHA256())))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return cbor2.dumps(cbor2.CBORTag(18, [protected, {}, payload, signature]))


def test_a_good_certificate_is_read() -> None:
    reading = read(packed(signed()), ANCHORS, AT)
    assert reading.is_authenticated
    made = reading.certificate
    assert made
    assert (made.kind, made.issuer, made.family_name, made.given_name) == (Kind.VACCINATION, "VN", "Nguyễn", "Thị Lan")
    assert (made.birth_date, made.entry["dn"]) == ("1956-01-01", 2)


def test_without_an_anchor_nothing_of_it_is_believed_or_handed_on() -> None:
    reading = read(packed(signed()), {}, AT)
    assert (reading.fault, reading.certificate, reading.is_authenticated) == (Hc1Fault.UNKNOWN_KEY, None, False)


def test_a_stranger_under_a_known_kid_is_refused() -> None:
    stranger = ec.derive_private_key(1, ec.SECP256R1())
    assert read(packed(signed(key=stranger)), ANCHORS, AT).fault == Hc1Fault.BAD_SIGNATURE


@pytest.mark.parametrize("algorithm", [-35, -8, 5, -37, 0])
def test_an_algorithm_that_does_not_fit_the_key_is_refused(algorithm: int) -> None:
    reading = read(packed(signed(head={1: algorithm, 4: KID})), ANCHORS, AT)
    assert reading.fault == Hc1Fault.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("at", "fault"),
    [
        (AT - timedelta(days=2), Hc1Fault.NOT_YET_VALID),
        (AT + timedelta(days=2), Hc1Fault.EXPIRED),
        (AT + timedelta(days=31), Hc1Fault.KEY_NOT_VALID),
        (AT - timedelta(days=31), Hc1Fault.KEY_NOT_VALID),
    ],
)
def test_out_of_its_time_it_is_not_authenticated(at: datetime, fault: Hc1Fault) -> None:
    reading = read(packed(signed()), ANCHORS, at)
    assert (reading.fault, reading.is_authenticated) == (fault, False)


def test_a_signer_of_tests_signs_no_vaccination() -> None:
    der = certificate_of(usages=("1.3.6.1.4.1.1847.2021.1.1",))
    anchors = anchors_of([der])
    text = packed(signed(head={1: -7, 4: next(iter(anchors))}))
    assert read(text, anchors, AT).fault == Hc1Fault.KEY_USAGE


@pytest.mark.parametrize(
    ("claims", "fault"),
    [
        (b"\xff", Hc1Fault.CBOR),
        ({1: "VN"}, Hc1Fault.CBOR),
        ({k: v for k, v in CLAIMS.items() if k != 4}, Hc1Fault.CBOR),
        ({**CLAIMS, 4: float("inf")}, Hc1Fault.CBOR),
        ({**CLAIMS, 4: True}, Hc1Fault.CBOR),
        ({**CLAIMS, 4: 2**60}, Hc1Fault.CBOR),
        ({**CLAIMS, -260: {1: {**CONTENT, "t": [ENTRY]}}}, Hc1Fault.NOT_A_CERTIFICATE),
        ({**CLAIMS, -260: {1: {**CONTENT, "v": [ENTRY, ENTRY]}}}, Hc1Fault.NOT_A_CERTIFICATE),
        ({**CLAIMS, -260: {1: {**CONTENT, "v": []}}}, Hc1Fault.NOT_A_CERTIFICATE),
        ({**CLAIMS, -260: {1: {"ver": "1.3.0"}}}, Hc1Fault.NOT_A_CERTIFICATE),
    ],
)
def test_signed_nonsense_is_no_certificate(claims: object, fault: Hc1Fault) -> None:
    assert read(packed(signed(claims)), ANCHORS, AT).fault == fault


def test_every_flipped_bit_of_the_message_is_refused() -> None:
    whole = signed()
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 0x80 >> bit % 8
        assert not read(packed(bytes(changed)), ANCHORS, AT).is_authenticated, bit


@given(st.text(alphabet=ALPHABET, max_size=200) | st.text(max_size=40))
def test_any_text_gets_an_answer(text: str) -> None:
    assert read(text, ANCHORS, AT).fault == Hc1Fault.PREFIX or text.startswith("HC1:")
    assert not read("HC1:" + text, ANCHORS, AT).is_authenticated


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(cose: bytes) -> None:
    assert read(packed(cose), ANCHORS, AT).fault in {Hc1Fault.CBOR, Hc1Fault.UNKNOWN_KEY}


@given(st.binary(max_size=100))
def test_base45_comes_back(data: bytes) -> None:
    assert decoded(base45(data), 200) == data


@pytest.mark.parametrize("text", ["A", "AAAA", "::", ":::", "GGX", "ab", "ÀÀÀ", "A" * 201])
def test_what_is_not_base45(text: str) -> None:
    with pytest.raises(NotBase45):
        decoded(text, 200)


def test_a_bomb_is_not_inflated() -> None:
    bomb = zlib.compress(bytes(200 * MOST_BYTES))
    assert len(bomb) < 20_000
    with pytest.raises(NotCompressed):
        inflated(bomb)
    assert read("HC1:" + base45(zlib.compress(bytes(2**21))), ANCHORS, AT).fault == Hc1Fault.COMPRESSION


@pytest.mark.parametrize("data", [b"", b"x", zlib.compress(b"x")[:-1], zlib.compress(b"x") + b"x"])
def test_what_is_not_one_stream(data: bytes) -> None:
    with pytest.raises(NotCompressed):
        inflated(data)


@pytest.mark.parametrize(
    "coded",
    ["", "ff", "5f", "9f", "bf01", "5f01ff", "5f6161ff", "9a7fffffff", "ba7fffffff", "5b7fffffffffffffff", "62ff00",
     "a2010101 02", "a1f500", "a14000", "f97e00", "fb7ff0000000000000", "f8ff", "1c", "1f", "81" * 14 + "00",
     "d2" * 14 + "00", "bf" * 30, "9f" * 4000, "0000"],
)  # fmt: skip
def test_hostile_items(coded: str) -> None:
    with pytest.raises(NotItems):
        read_items(bytes.fromhex(coded))


FLOATS = st.floats(allow_nan=False, allow_infinity=False)
LEAVES = st.integers(-(2**63), 2**63) | st.binary() | st.text() | st.booleans() | st.none() | FLOATS
KEYS = st.integers(0, 99) | st.text(max_size=3)


def nested(inner: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3)


@given(st.recursive(LEAVES, nested, max_leaves=8))
def test_items_are_what_another_decoder_makes_of_them(value: object) -> None:
    try:
        assert read_items(cbor2.dumps(value)) == value
    except NotItems:
        assert str(value).count("[") + str(value).count("{") > 8


def test_tags_stay_values() -> None:
    assert read_items(bytes.fromhex("c11a5f5e1000")) == Tagged(1, 0x5F5E1000)


def test_anchors_lie_in_a_folder(tmp_path: Path) -> None:
    assert anchors_in(tmp_path / "none") == {}
    (tmp_path / "vn.der").write_bytes(DER)
    pem = base64.encodebytes(DER).decode()
    (tmp_path / "vn.pem").write_text(f"-----BEGIN CERTIFICATE-----\n{pem}-----END CERTIFICATE-----\n")
    (tmp_path / "README.txt").write_text("no anchor")
    assert set(anchors_in(tmp_path)) == {KID}


@pytest.mark.parametrize("coded", [b"", b"-----BEGIN CERTIFICATE-----\n", b"\x30\x00"])
def test_what_is_no_anchor(coded: bytes) -> None:
    with pytest.raises(NotAnAnchor):
        anchor_of(coded)


def test_a_short_rsa_key_is_no_anchor() -> None:
    with pytest.raises(NotAnAnchor):
        anchor_of(certificate_of(rsa.generate_private_key(65537, 1024)))  # noqa: S505 - that is the point


def _cases() -> list[Path]:
    folder = Path(os.environ.get("KSDB_DGC_CASES", "/work/shared/data/check/dgc"))
    return sorted(folder.glob("*/2DCode/raw/*.json"))


CASES = _cases()
FAULTS = {
    "EXPECTEDUNPREFIX": Hc1Fault.PREFIX,
    "EXPECTEDB45DECODE": Hc1Fault.BASE45,
    "EXPECTEDCOMPRESSION": Hc1Fault.COMPRESSION,
    "EXPECTEDDECODE": Hc1Fault.CBOR,
    "EXPECTEDVERIFY": Hc1Fault.KEY_NOT_VALID,
    "EXPECTEDSCHEMAVALIDATION": Hc1Fault.NOT_A_CERTIFICATE,
    "EXPECTEDKEYUSAGE": Hc1Fault.KEY_USAGE,
    "EXPECTEDEXPIRATIONCHECK": Hc1Fault.EXPIRED,
}
"""The last fault that says no to what a case expects: whatever is found up to it stands in the way too."""


@pytest.mark.skipif(not CASES, reason="KSDB_DGC_CASES names no folder of the EU's cases")
def test_the_record_counts_what_the_cases_expect() -> None:
    """Decision 058 holds a row for each check: how many cases expect yes, and how many no."""
    expected = [json.loads(path.read_text(encoding="utf-8-sig"))["EXPECTEDRESULTS"] for path in CASES]
    counts = Counter((name, value) for one in expected for name, value in one.items())
    record = (Path(__file__).parent.parent.parent / "docs" / "decisions" / "058-hc1-certificates.md").read_text()
    for name in {name for name, _ in counts}:
        row = f"| `{name}` | {counts[name, True]} | {counts[name, False]} |"
        assert row in record, row


@pytest.mark.skipif(not CASES, reason="KSDB_DGC_CASES names no folder of the EU's cases")
@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_the_cases_of_the_eu(path: Path) -> None:
    case = json.loads(path.read_text(encoding="utf-8-sig"))
    context, expected = case["TESTCTX"], case["EXPECTEDRESULTS"]
    anchors = anchors_of([base64.b64decode(context["CERTIFICATE"])] if context["CERTIFICATE"] else [])
    reading = read(case["PREFIX"], anchors, _clock(context))
    order = list(Hc1Fault)
    for name, last in FAULTS.items():
        if name in expected:
            passed = reading.fault is None or order.index(reading.fault) > order.index(last)
            assert passed == expected[name], (name, reading.fault)
    if "COSE" in case and expected.get("EXPECTEDCOMPRESSION") is not False:
        assert inflated(decoded(case["PREFIX"].removeprefix("HC1:"), MOST_CHARACTERS)).hex() == case["COSE"].lower()
    if expected.get("EXPECTEDPICTUREDECODE") and "2DCODE" in case:
        picture = np.array(Image.open(io.BytesIO(base64.b64decode(case["2DCODE"]))).convert("L"))
        assert [code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)] == [
            case["PREFIX"]
        ]


def _clock(context: Mapping[str, Any]) -> datetime:
    said = context.get("VALIDATIONCLOCK") or AT.isoformat()
    day, _, rest = said.partition(".")
    zone = rest.lstrip("0123456789") if rest else ""
    return datetime.fromisoformat(day + zone)
