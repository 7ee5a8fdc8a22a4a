from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.cbor import NotStrict, Tagged, read

scalars = st.integers(-(2**64), 2**64 - 1) | st.binary(max_size=30) | st.text(max_size=30)
keys = st.integers(-(2**32), 2**32) | st.binary(max_size=5) | st.text(max_size=5)
items = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=4
)


def depth(value: Any) -> int:
    match value:
        case list():
            return 1 + max(map(depth, value), default=0)
        case dict():
            return 1 + max(map(depth, value.values()), default=0)
    return 0


@given(items.filter(lambda value: depth(value) <= 4))
def test_what_a_general_encoder_writes_is_read_the_same(value: Any) -> None:
    # Bytewise order of encoded keys, RFC 8949 section 4.2.1; cbor2's canonical mode sorts by length first.
    assert read(_encoded(value)) == value


def _encoded(value: Any) -> bytes:
    match value:
        case list():
            head = cbor2.dumps([0] * len(value))[: -len(value) or None]
            return head + b"".join(map(_encoded, value))
        case dict():
            pairs = sorted((cbor2.dumps(key), _encoded(inner)) for key, inner in value.items())
            return bytes([0xA0 + len(value)]) + b"".join(key + inner for key, inner in pairs)
    return cbor2.dumps(value)


def test_tags_are_kept_not_acted_on() -> None:
    assert read(bytes.fromhex("d82380")) == Tagged(35, [])


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(coded: bytes) -> None:
    try:
        value = read(coded)
    except NotStrict:
        return
    assert _untagged(value) or _encoded(value) == coded


def _untagged(value: Any) -> bool:
    return "Tagged" in repr(value)


@pytest.mark.parametrize(
    "coded",
    [
        "",
        "1817",
        "190017",
        "1a0000ffff",
        "1b00000000ffffffff",
        "1c",
        "1f",
        "5f4100ff",
        "9f00ff",
        "bf0000ff",
        "a200000000",
        "a201000000",
        "a18000",
        "62c328",
        "f4",
        "f6",
        "f97c00",
        "0000",
        "42ff",
        "8200",
        "818181818100",
    ],
)
def test_refused(coded: str) -> None:
    with pytest.raises(NotStrict):
        read(bytes.fromhex(coded))
