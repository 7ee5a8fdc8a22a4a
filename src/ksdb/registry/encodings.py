"""In which encoding a CSV file is written: UTF-8 if it is throughout, else the likeliest, for a person to judge."""

import codecs
import re
from enum import StrEnum
from pathlib import Path

import msgspec

from ksdb.registry.syllables import can_be_syllable


def _differs(byte: int) -> bool:
    one, other = (bytes([byte]).decode(encoding, "replace") for encoding in ("cp1258", "iso-8859-1"))
    return one != other


BLOCK = 1 << 20
SAMPLE_BYTES = 1 << 16
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_DIFFERING = re.compile(bytes([0x5B, *(b for b in range(0x80, 0x100) if _differs(b)), 0x5D]))


class Encoding(StrEnum):
    """What a list may be written in, by the names Python knows."""

    UTF_8 = "utf-8-sig"
    WINDOWS_1258 = "cp1258"
    ISO_8859_1 = "iso-8859-1"
    UTF_16 = "utf-16"


class Written(msgspec.Struct, frozen=True):
    """How a file is written, whether that is certain, and how many lines it has.

    `is_settled` is False where the letters speak for no encoding more than for another: somebody has to choose.
    """

    encoding: Encoding
    is_certain: bool
    line_count: int
    is_settled: bool = True


def written_in(path: Path) -> Written:
    """Goes through the whole file once, a block at a time."""
    decoder, is_utf_8, lines = codecs.getincrementaldecoder("utf-8")("strict"), True, 0
    with path.open("rb") as file:
        head = file.read(SAMPLE_BYTES)
        file.seek(0)
        while block := file.read(BLOCK):
            lines += block.count(b"\n")
            is_utf_8 = is_utf_8 and _decodes(decoder, block)
    if mark := next((name for mark, name in _BOMS if head.startswith(mark)), None):
        return Written(Encoding(mark), is_certain=is_utf_8 or mark == "utf-16", line_count=lines)
    if is_utf_8 and _ends(decoder):
        return Written(Encoding.UTF_8, is_certain=True, line_count=lines)
    found, is_settled = likeliest(head)
    return Written(found, is_certain=False, line_count=lines, is_settled=is_settled)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _ends(decoder: codecs.IncrementalDecoder) -> bool:
    """Whether the file does not break off within a letter."""
    return _decodes(decoder, b"", final=True)


def likeliest(head: bytes) -> tuple[Encoding, bool]:
    """Each byte is a letter in both: the one in which more words can be Vietnamese, and whether that settles it.

    Only the words that the two read differently say anything. Many can be words in both (Lý and Lư), some in one alone
    (Mã, but not Mă; Hưng, but not Hýng).
    """
    lead = 0
    told = [word for word in _WORD.findall(head) if _DIFFERING.search(word)]
    for word in told:
        lead += can_be_syllable(word.decode(Encoding.WINDOWS_1258, "replace"))
        lead -= can_be_syllable(word.decode(Encoding.ISO_8859_1))
    return (Encoding.ISO_8859_1 if lead < 0 else Encoding.WINDOWS_1258), bool(lead) or not told


def decoded(data: bytes, encoding: Encoding) -> str:
    """What cannot be read becomes a sign that no name may hold, so that the row says so."""
    return data.decode(encoding, "replace")
