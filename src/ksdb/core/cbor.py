"""The strict part of CBOR (RFC 8949, section 4.2) that tokens are written in, and nothing else.

Whoever shows a code chooses these bytes, and nothing is signed yet when they are read. A general decoder would turn
tags into dates, decimals and patterns on their word; this one knows whole numbers, strings, arrays, maps and tags.
"""

from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 4
_LEAST_OF_WIDTH = {1: 24, 2: 1 << 8, 4: 1 << 16, 8: 1 << 32}
_UNSIGNED, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP, _TAG = range(7)


class NotStrict(ValueError):
    """The bytes are not one item of strict CBOR."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag and what it stands before."""

    tag: int
    value: object


def read(coded: bytes) -> object:
    """The one item that all of `coded` is: int, bytes, str, list, dict or Tagged. Raises NotStrict for anything else.

    Strict: definite lengths, shortest heads, map keys ascending and once, at most MAX_DEPTH deep, no byte left over.
    """
    value, end = _item(coded, 0, MAX_DEPTH)
    if end != len(coded):
        raise NotStrict
    return value


def _item(coded: bytes, at: int, depth: int) -> tuple[object, int]:
    if depth < 0:
        raise NotStrict
    major, argument, at = _head(coded, at)
    match major:
        case 0:
            return argument, at
        case 1:
            return -1 - argument, at
        case 2 | 3:
            return _string(coded, at, argument, is_text=major == _TEXT)
        case 4:
            return _array(coded, at, argument, depth)
        case 5:
            return _map(coded, at, argument, depth)
        case 6:
            value, at = _item(coded, at, depth - 1)
            return Tagged(argument, value), at
    raise NotStrict


def _head(coded: bytes, at: int) -> tuple[int, int, int]:
    """Major type, argument and where the rest starts."""
    if at >= len(coded):
        raise NotStrict
    major, info = coded[at] >> 5, coded[at] & 31
    if info < 24:
        return major, info, at + 1
    if info > 27:
        raise NotStrict
    width = 1 << (info - 24)
    argument = int.from_bytes(coded[at + 1 : at + 1 + width], "big")
    if at + 1 + width > len(coded) or argument < _LEAST_OF_WIDTH[width]:
        raise NotStrict
    return major, argument, at + 1 + width


def _string(coded: bytes, at: int, length: int, *, is_text: bool) -> tuple[bytes | str, int]:
    end = at + length
    if end > len(coded):
        raise NotStrict
    if not is_text:
        return coded[at:end], end
    try:
        return coded[at:end].decode(), end
    except UnicodeDecodeError as error:
        raise NotStrict from error


def _array(coded: bytes, at: int, count: int, depth: int) -> tuple[list[object], int]:
    items = []
    for _ in range(count):  # a false count ends with the bytes, at most 400 items later
        item, at = _item(coded, at, depth - 1)
        items.append(item)
    return items, at


def _map(coded: bytes, at: int, count: int, depth: int) -> tuple[dict[object, object], int]:
    pairs: dict[object, object] = {}
    last = b""
    for _ in range(count):
        start = at
        key, at = _item(coded, at, depth - 1)
        if not isinstance(key, (int, bytes, str)) or coded[start:at] <= last:
            raise NotStrict
        last = coded[start:at]
        pairs[key], at = _item(coded, at, depth - 1)
    return pairs, at
