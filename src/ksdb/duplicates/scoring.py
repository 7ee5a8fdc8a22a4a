"""How much two records look like one person, and why: points for each thing they share, fewer for what speaks against.

The points were set by `bench/duplicates.py`, which plants errors among a million invented people.
"""

import unicodedata
from collections import Counter
from enum import StrEnum
from functools import lru_cache
from itertools import chain

import msgspec
import numpy as np
from rapidfuzz.distance import OSA

from ksdb.core.names import fold, search_key
from ksdb.duplicates.people import DAY_ZERO, NO_DAY, People

SHOWN_FROM = 66
"""Pairs with fewer points are not shown to anybody."""
RARE_WORD = 1e-5
COMMON_NAME = 1.5e-4
RARE_NAME = 1e-5


class Reason(StrEnum):
    """What speaks for one person, or against it."""

    SAME_NAME = "same_name"
    TONE_PLACEMENT = "tone_placement"
    NO_MARKS = "no_marks"
    OTHER_MARKS = "other_marks"
    WORD_ORDER = "word_order"
    MISSING_WORD = "missing_word"
    TYPO = "typo"
    TWO_TYPOS = "two_typos"
    SIMILAR_NAME = "similar_name"
    SAME_BIRTH = "same_birth"
    SWAPPED_BIRTH = "swapped_birth"
    YEAR_OFF = "year_off"
    YEAR_ONLY = "year_only"
    SAME_PHONE = "same_phone"
    SAME_HOUSEHOLD = "same_household"
    SAME_GROUP = "same_group"
    SAME_COMMUNE = "same_commune"
    CLAIMED_NUMBER = "claimed_number"
    OLD_NUMBER = "old_number"
    SAME_OLD_NUMBER = "same_old_number"
    TWO_KINDS_OF_NUMBER = "two_kinds_of_number"
    RARE_NAME = "rare_name"
    COMMON_NAME = "common_name"
    OTHER_SEX = "other_sex"
    OTHER_NUMBER = "other_number"


R = Reason
POINTS = {
    R.SAME_NAME: 40, R.TONE_PLACEMENT: 40, R.NO_MARKS: 40, R.OTHER_MARKS: 28, R.WORD_ORDER: 30, R.MISSING_WORD: 28,
    R.TYPO: 32, R.TWO_TYPOS: 24, R.SIMILAR_NAME: 18,
    R.SAME_BIRTH: 42, R.SWAPPED_BIRTH: 34, R.YEAR_OFF: 30, R.YEAR_ONLY: 18,
    R.SAME_PHONE: 20, R.SAME_HOUSEHOLD: 16, R.SAME_GROUP: 8, R.SAME_COMMUNE: 6,
    R.CLAIMED_NUMBER: 130, R.OLD_NUMBER: 100, R.SAME_OLD_NUMBER: 100, R.TWO_KINDS_OF_NUMBER: 4,
    R.RARE_NAME: 6, R.COMMON_NAME: -4, R.OTHER_SEX: -8, R.OTHER_NUMBER: -45,
}  # fmt: skip
del R


class Scored(msgspec.Struct, frozen=True):
    """A pair's points, at most 100, and what gave and took them."""

    score: int
    reasons: tuple[Reason, ...]


class Scorer:
    """Scores pairs of `people`. Knows how often each word and name occurs among them."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._bearers = np.bincount(people.name, minlength=len(people.names))
        words: Counter[str] = Counter()
        for name, count in zip(people.names, self._bearers.tolist(), strict=True):
            for word in set(name.split()):
                words[word] += count
        self._words = words
        self._rare_word = max(2, len(people) * RARE_WORD)
        self._rare_name = max(3, len(people) * RARE_NAME)
        self._common_name = max(30, len(people) * COMMON_NAME)

    def scored(self, one: int, other: int) -> Scored | None:
        """None where neither a number nor both name and birth speak for one person."""
        reasons = self._identity(one, other)
        if reasons is None:
            return None
        said = tuple(chain(reasons, self._around(one, other)))
        return Scored(max(0, min(100, sum(POINTS[reason] for reason in said))), said)

    def _identity(self, one: int, other: int) -> list[Reason] | None:
        name, birth = self._name(one, other), self._birth(one, other)
        if self._claims(one, other) or self._claims(other, one):
            return [Reason.CLAIMED_NUMBER, *filter(None, (name, birth))]
        if self._has_old_number(one, other) or self._has_old_number(other, one):
            return [Reason.OLD_NUMBER, *filter(None, (name, birth))]
        if self._people.old_id_key[one] and self._people.old_id_key[one] == self._people.old_id_key[other]:
            return [Reason.SAME_OLD_NUMBER, *filter(None, (name, birth))]
        return [name, birth] if name and birth else None

    def _claims(self, one: int, other: int) -> bool:
        return bool(self._people.claims[one] == self._people.id[other])

    def _has_old_number(self, one: int, other: int) -> bool:
        old = self._people.old_id_key[one]
        return bool(old) and bool(old == self._people.id_key[other])

    def _name(self, one: int, other: int) -> Reason | None:
        people = self._people
        if people.name[one] == people.name[other]:
            return marks(people.spellings[people.written[one]], people.spellings[people.written[other]])
        left, right = people.names[people.name[one]], people.names[people.name[other]]
        words, others = left.split(), right.split()
        if sorted(words) == sorted(others):
            return Reason.WORD_ORDER
        if _is_part(words, others) or _is_part(others, words):
            return Reason.MISSING_WORD
        return self._typo(words, others, OSA.distance(left, right, score_cutoff=2))

    def _typo(self, words: list[str], others: list[str], distance: int) -> Reason | None:
        """A slip of the hand makes a word that hardly anybody bears; two known words are two names, or might be."""
        if distance > 2:
            return None
        known = (self._are_known(set(words) - set(others)), self._are_known(set(others) - set(words)))
        if not all(known):
            return Reason.TYPO if distance == 1 else Reason.TWO_TYPOS
        return Reason.SIMILAR_NAME if distance == 1 else None

    def _are_known(self, words: set[str]) -> bool:
        return all(self._words[word] > self._rare_word for word in words)

    def _birth(self, one: int, other: int) -> Reason | None:
        born, year = self._people.born, self._people.year
        if born[one] == NO_DAY or born[other] == NO_DAY:
            return Reason.YEAR_ONLY if year[one] == year[other] else None
        if born[one] == born[other]:
            return Reason.SAME_BIRTH
        (y, m, d), (z, n, e) = _parts(int(born[one])), _parts(int(born[other]))
        if y == z and (m, d) == (e, n):
            return Reason.SWAPPED_BIRTH
        return Reason.YEAR_OFF if abs(y - z) == 1 and (m, d) == (n, e) else None

    def _around(self, one: int, other: int) -> list[Reason]:
        people, found = self._people, []
        if people.phone[one] and people.phone[one] == people.phone[other]:
            found.append(Reason.SAME_PHONE)
        if people.household[one] and people.household[one] == people.household[other]:
            found.append(Reason.SAME_HOUSEHOLD)
        elif people.group[one] == people.group[other]:
            found.append(Reason.SAME_GROUP)
        elif people.commune[one] == people.commune[other]:
            found.append(Reason.SAME_COMMUNE)
        if people.sex[one] and people.sex[other] and people.sex[one] != people.sex[other]:
            found.append(Reason.OTHER_SEX)
        return found + self._numbers(one, other) + self._rarity(one, other)

    def _numbers(self, one: int, other: int) -> list[Reason]:
        """Two numbers of one kind belong to two persons, unless one was mistyped."""
        digits = self._people.id_digits
        if not digits[one] or not digits[other] or self._has_old_number(one, other) or self._has_old_number(other, one):
            return []
        return [Reason.OTHER_NUMBER if digits[one] == digits[other] else Reason.TWO_KINDS_OF_NUMBER]

    def _rarity(self, one: int, other: int) -> list[Reason]:
        bearers = max(self._bearers[self._people.name[one]], self._bearers[self._people.name[other]])
        if bearers <= self._rare_name:
            return [Reason.RARE_NAME]
        return [Reason.COMMON_NAME] if bearers > self._common_name else []


def marks(one: str, other: str) -> Reason:
    """How two spellings of one folded name differ."""
    left, right = one.casefold(), other.casefold()
    if left == right:
        return Reason.SAME_NAME
    if _without_placement(left) == _without_placement(right):
        return Reason.TONE_PLACEMENT
    return Reason.NO_MARKS if fold(left) == left or fold(right) == right else Reason.OTHER_MARKS


@lru_cache(1 << 16)
def _without_placement(name: str) -> str:
    """Each word's letters and its tone, wherever in the word the tone is written; i and y made one."""
    return " ".join(_letters_and_tone(word) for word in name.split())


def _letters_and_tone(word: str) -> str:
    parts = unicodedata.normalize("NFD", word)
    tones = "".join(sorted(part for part in parts if part in "\u0300\u0301\u0303\u0309\u0323"))
    letters = "".join(part for part in parts if part not in tones)
    plain = search_key(word)
    letters = letters[:-1] + plain[-1] if plain[-1:] == "i" and letters[-1:] == "y" else letters
    letters = "i" + letters[1:] if plain[:1] == "i" and letters[:1] == "y" else letters
    return letters + tones


def _is_part(words: list[str], others: list[str]) -> bool:
    """Whether `words` are `others` with some left out; the first and the last stay, in whatever order."""
    if not 2 <= len(words) < len(others) or {words[0], words[-1]} != {others[0], others[-1]}:
        return False
    return not Counter(words) - Counter(others)


@lru_cache(1 << 16)
def _parts(born: int) -> tuple[int, int, int]:
    on = (DAY_ZERO + np.timedelta64(born, "D")).astype(object)
    return on.year, on.month, on.day
