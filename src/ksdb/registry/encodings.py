"""In which encoding a CSV file is written: UTF-8 if it is throughout, else the likeliest, for a person to judge."""

import codecs
import re
import unicodedata
from enum import StrEnum
from pathlib import Path

import msgspec

from ksdb.registry.headings import find_heading

BLOCK = 1 << 20
SAMPLE_BYTES = 1 << 16
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ]|[aăâeêioôơuưyAĂÂEÊIOÔƠUƯY][\u0300\u0301\u0303\u0309\u0323]")
_ODD = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffd]|(?<![a-zà-ỹA-ZÀ-Ỹ])[\u0300\u0301\u0303\u0309\u0323]")


class Encoding(StrEnum):
    """What a list may be written in, by the names Python knows."""

    UTF_8 = "utf-8-sig"
    WINDOWS_1258 = "cp1258"
    ISO_8859_1 = "iso-8859-1"
    UTF_16 = "utf-16"


class Written(msgspec.Struct, frozen=True):
    """How a file is written, whether that is certain, and how many lines it has."""

    encoding: Encoding
    is_certain: bool
    line_count: int


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
    return Written(_likeliest(head), is_certain=False, line_count=lines)


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _ends(decoder: codecs.IncrementalDecoder) -> bool:
    """Whether the file does not break off within a letter."""
    return _decodes(decoder, b"", final=True)


def _likeliest(head: bytes) -> Encoding:
    """Each byte is a letter in both: the one whose heading and letters look Vietnamese has it."""
    return max((Encoding.WINDOWS_1258, Encoding.ISO_8859_1), key=lambda encoding: _looks(head, encoding))


def _looks(head: bytes, encoding: Encoding) -> tuple[int, int]:
    text = decoded(head, encoding)
    heading = find_heading([re.split(r"[,;\t]", line) for line in text.splitlines()[:15]])
    marked = unicodedata.normalize("NFC", text)
    odd = len(_ODD.findall(text)) * 3 + len(re.findall(r"[a-zà-ỹ][À-ß¡-¿×÷][a-zà-ỹ]", text))
    return (len(heading.positions) if heading else 0, len(_VIETNAMESE.findall(text)) + _letters(marked) - odd)


def _letters(text: str) -> int:
    """Letters of the Vietnamese alphabet that no other of these encodings has."""
    return sum("\u1ea0" <= character <= "\u1ef9" for character in text)


def decoded(data: bytes, encoding: Encoding) -> str:
    """What cannot be read becomes a sign that no name may hold, so that the row says so."""
    return data.decode(encoding, "replace")
