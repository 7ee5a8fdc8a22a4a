"""How wards write the names of communes and of the residential groups in them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from ksdb.core.names import fold, stored_name

_KIND = re.compile(r"^(?:phường|thị trấn|xã|tt\.?|p\.|x\.|p|x)\s+|^(?:p\.|x\.|tt\.)")
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_BETWEEN = re.compile(r"[\s,.;]+")
_GROUP = re.compile(r"(?:(?:to dan pho|tdp|to|thon)\s*)?(?:so\s*)?0*(\d{1,3})")


class Commune(msgspec.Struct, frozen=True):
    """A commune that rows of a list may name."""

    id: int
    name: str

    @property
    def group_word(self) -> str:
        return "Thôn" if self.name.startswith("Xã") else "Tổ dân phố"


@lru_cache(4096)
def spelling(name: str) -> str:
    """The name in lower case with each word's tone at its end: Hòa and Hoà are one, Văn and Vân are two."""
    return " ".join(_tone_last(word) for word in stored_name(name).lower().split(" "))


def _tone_last(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    letters = "".join(part for part in parts if part not in _TONES)
    return letters + "".join(part for part in parts if part in _TONES)


def address_key(address: str) -> str:
    """How addresses are compared: without capitals and signs between words, tones as in `spelling`."""
    words = spelling(_BETWEEN.sub(" ", address))
    return " ".join(unicodedata.normalize("NFC", words).split())


class Communes:
    """The communes of an import, found by name with or without the word for their kind, as long as that names one."""

    def __init__(self, communes: Iterable[Commune]) -> None:
        self.all = tuple(communes)
        short = Counter(_without_kind(commune.name) for commune in self.all)
        self._by_name = {_without_kind(c.name): c for c in self.all if short[_without_kind(c.name)] == 1}
        self._by_name |= {spelling(commune.name): commune for commune in self.all}

    @property
    def only(self) -> Commune | None:
        """The one commune there is, so that a list need not name it."""
        return self.all[0] if len(self.all) == 1 else None

    def named(self, name: str) -> Commune | None:
        return self._by_name.get(spelling(name)) or self._by_name.get(_without_kind(name))


def _without_kind(name: str) -> str:
    return spelling(_KIND.sub("", stored_name(name).lower()))


@lru_cache(4096)
def group_name(text: str, commune: Commune) -> str:
    """The group's name in one form: `3`, `Tổ 3` and `TDP số 03` are Tổ dân phố 3; in a rural commune `3` is Thôn 3."""
    name = stored_name(text)
    numbered = _GROUP.fullmatch(fold(name))
    if not numbered:
        return name
    word = "Thôn" if fold(name).startswith("thon") else commune.group_word if name[0].isdigit() else "Tổ dân phố"
    return f"{word} {numbered[1]}"
