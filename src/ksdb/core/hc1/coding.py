"""From the text of a code to the bytes in it: Base45 (RFC 9285), then zlib within bounds."""

import zlib
from typing import Final

MOST_BYTES: Final = 64 * 1024
"""More than any certificate has; a code that inflates beyond is a bomb."""
_ALPHABET: Final = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")}


class NotBase45(ValueError):
    """The text is not Base45."""


class NotCompressed(ValueError):
    """The bytes are not one zlib stream of a bearable size."""


def decoded(text: str, most: int) -> bytes:
    """The bytes behind Base45 of at most `most` characters. Raises NotBase45."""
    if len(text) > most or len(text) % 3 == 1:
        raise NotBase45
    try:
        values = [_ALPHABET[c] for c in text]
    except KeyError as error:
        raise NotBase45 from error
    made = bytearray()
    for at in range(0, len(values), 3):
        group = values[at : at + 3]
        number = sum(value * 45**place for place, value in enumerate(group))
        width = len(group) - 1
        if number >= 256**width:
            raise NotBase45
        made += number.to_bytes(width, "big")
    return bytes(made)


def inflated(packed: bytes) -> bytes:
    """What one whole zlib stream holds, with nothing after it. Raises NotCompressed."""
    stream = zlib.decompressobj()
    try:
        made = stream.decompress(packed, MOST_BYTES)
    except zlib.error as error:
        raise NotCompressed from error
    if not stream.eof or stream.unused_data or stream.unconsumed_tail:
        raise NotCompressed
    return made
