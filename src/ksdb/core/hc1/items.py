"""CBOR as other issuers write it, read within bounds: floats, `true`, indefinite lengths; a tag stays a value.

`core.cbor` is stricter and for our own tokens. Both are read before a signature is checked, so neither hands bytes to
a decoder that acts on tags.
"""

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 12
_INDEFINITE = 31
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: Final = {20: False, 21: True, 22: None, 23: None}


class NotItems(ValueError):
    """The bytes are not one item of CBOR, or not within bounds."""


@dataclass(frozen=True, slots=True)
class Tagged:
    """A tag and what it stands before."""

    tag: int
    value: object


def read_items(coded: bytes) -> object:
    """The one item that all of `coded` is. Keys of a map are numbers or texts, each once. Raises NotItems."""
    reader = _Reader(coded)
    try:
        value = reader.item(MAX_DEPTH)
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise NotItems from error
    if reader.at != len(coded):
        raise NotItems
    return value


class _Reader:
    def __init__(self, coded: bytes) -> None:
        self._coded, self.at = coded, 0

    def item(self, depth: int) -> object:
        if depth < 0:
            raise NotItems
        head = self._coded[self.at]
        self.at += 1
        major, info = head >> 5, head & 31
        if major == 7:
            return self._simple(info)
        if info == _INDEFINITE and major in {2, 3, 4, 5}:
            return self._open(major, depth)
        argument = self._argument(info)
        made: dict[int, Callable[[], object]] = {
            0: lambda: argument,
            1: lambda: -1 - argument,
            2: lambda: self._take(argument),
            3: lambda: self._take(argument).decode(),
            4: lambda: [self.item(depth - 1) for _ in range(self._bounded(argument))],
            5: lambda: self._map(self._pair(depth) for _ in range(self._bounded(argument))),
            6: lambda: Tagged(argument, self.item(depth - 1)),
        }
        return made[major]()

    def _argument(self, info: int) -> int:
        if info < 24:
            return info
        if info > 27:
            raise NotItems
        return int.from_bytes(self._take(1 << (info - 24)), "big")

    def _take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self._coded):
            raise NotItems
        taken, self.at = self._coded[self.at : end], end
        return taken

    def _bounded(self, count: int) -> int:
        """Each item takes a byte at least, so a count beyond the bytes left is false."""
        if count > len(self._coded) - self.at:
            raise NotItems
        return count

    def _simple(self, info: int) -> object:
        if info in _FLOATS:
            (value,) = struct.unpack(_FLOATS[info], self._take(1 << (info - 24)))
            if not math.isfinite(value):
                raise NotItems
            return value
        if info not in _SIMPLE:
            raise NotItems
        return _SIMPLE[info]

    def _is_break(self) -> bool:
        if self._coded[self.at] != 0xFF:
            return False
        self.at += 1
        return True

    def _open(self, major: int, depth: int) -> object:
        """An item of indefinite length, up to its break."""
        if major == 5:
            pairs = []
            while not self._is_break():
                pairs.append(self._pair(depth))
            return self._map(pairs)
        items = []
        while not self._is_break():
            items.append(self.item(depth - 1))
        if major == 4:
            return items
        wanted: type = bytes if major == 2 else str
        if not all(isinstance(item, wanted) for item in items):
            raise NotItems
        return wanted().join(items)

    def _pair(self, depth: int) -> tuple[object, object]:
        return self.item(depth - 1), self.item(depth - 1)

    @staticmethod
    def _map(pairs: object) -> dict[object, object]:
        made: dict[object, object] = {}
        for key, value in pairs:  # type: ignore[attr-defined]
            if isinstance(key, bool) or not isinstance(key, int | str) or key in made:
                raise NotItems
            made[key] = value
        return made
