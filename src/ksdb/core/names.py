"""Vietnamese names and headings: how they are stored, folded for search, and sorted."""

import re
import unicodedata
from functools import lru_cache

_SPACES = re.compile(r"\s+")
_BASE = {letter: chr(ord("A") + i) for i, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_TONE_MARKS = frozenset(_TONES)
_Y_AS_I = re.compile(r"(?:(?<=[bcdghklmnprstvx])|(?<=\bqu))y\b|\by")


def stored_name(text: str) -> str:
    """The name as it is kept: NFC, single spaces, otherwise as entered."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def fold(text: str) -> str:
    """Lower case without marks, đ as d: for matching headings and for search, never for identity."""
    decomposed = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return _SPACES.sub(" ", "".join(c for c in decomposed if not unicodedata.combining(c))).strip()


def search_key(name: str) -> str:
    """The folded name with i and y made one where both are written: a syllable's only vowel, or its beginning.

    Lý = Lí, Vy = Vi; Ý = Í, Yến = Iến.
    """
    return _Y_AS_I.sub("i", fold(name))


def sort_key(name: str) -> str:
    """A key that sorts bytewise as Vietnamese lists do: given name, family name, middle names; letters before tones."""
    words = stored_name(name).lower().split(" ")
    ordered = [words[-1], *words[:-1]]
    letters, tones = zip(*(_letters_and_tones(word) for word in ordered), strict=True)
    return " ".join(letters) + "~" + " ".join(tones)


@lru_cache(1 << 15)
def _letters_and_tones(word: str) -> tuple[str, str]:
    letters, tones = [], []
    for character in word:
        base, tone = _split_tone(character)
        letters.append(_BASE.get(base, base if base.isascii() else "z"))
        tones.append(tone)
    return "".join(letters), "".join(tones)


def _split_tone(character: str) -> tuple[str, str]:
    parts = unicodedata.normalize("NFD", character)
    tone = next((_TONES[p] for p in parts if p in _TONE_MARKS), "0")
    return unicodedata.normalize("NFC", "".join(p for p in parts if p not in _TONE_MARKS)), tone
