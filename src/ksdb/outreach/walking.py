"""The order in which one walks: addresses as people write them, sorted by street, alley and house number."""

import re
from typing import Final

from ksdb.core.names import fold

Step = tuple[int, str]
Place = tuple[tuple[tuple[int, int, str], ...], tuple[Step, ...]]

_HOUSE_WORDS = re.compile(r"\b(?:nha\s+so|so\s+nha|so|nha|duong|pho)\b\.?")
_ALLEY: Final = r"(?:kiet|hem|ngo|ngach|ngh)"
_NUMBER: Final = r"(\d{1,6})\s?([a-z]?)(?![a-z])"
_ALLEY_NUMBER = re.compile(rf"\b{_ALLEY}\.?\s*(?:so\s*)?((?:\d+[a-z]?)(?:\s*/\s*\d+[a-z]?)*)\b")
_LEADING = re.compile(r"^[\s,]*((?:\d+\s?[a-z]?(?![a-z]))(?:\s*/\s*\d+\s?[a-z]?(?![a-z]))*)")
_ONE = re.compile(_NUMBER)
_PARTS = re.compile(r"(\d+)|([^\d\s,./-]+)")


def walk_key(address: str) -> Place:
    """Sorts addresses as one walks: the street, then along it by number, each alley after the house it starts at.

    "12/5 Lý Thái Tổ", "5 kiệt 12 Lý Thái Tổ" and "kiệt 12/5 Lý Thái Tổ" are one place: house 5 of the alley at 12.
    Odd and even numbers are not parted: which side comes first, people on the spot know better.
    """
    text = _HOUSE_WORDS.sub(" ", fold(address))
    alleys = [match[1] for match in _ALLEY_NUMBER.finditer(text)]
    text = _ALLEY_NUMBER.sub(" ", text)
    house = _LEADING.match(text)
    if house:
        text = text[house.end() :]
    outermost_first = [step for alley in reversed(alleys) for step in _steps(alley)]
    return _natural(text), (*outermost_first, *(_steps(house[1]) if house else ()))


def _steps(text: str) -> list[Step]:
    """12/5a as (12, ""), (5, "a")."""
    return [(int(number), letter) for number, letter in _ONE.findall(text)]


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Words as words and numbers as numbers, so that "xóm 2" stands before "xóm 10"."""
    return tuple((0, int(number[:9]), "") if number else (1, 0, word) for number, word in _PARTS.findall(text))
