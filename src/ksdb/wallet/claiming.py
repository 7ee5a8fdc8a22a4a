"""Whose card a phone may keep: what was typed beside what the registry knows, and when that is sure enough."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ksdb.core.names import search_key

CHILD_YEARS = 18


class Evidence(StrEnum):
    """What of a claim fits the record."""

    ID_NUMBER = "id"
    NAME = "name"
    BIRTH = "birth"
    PHONE = "phone"
    HOUSEHOLD = "household"


E = Evidence
KNOWN = frozenset({E.ID_NUMBER, E.NAME, E.BIRTH})
"""What a stranger can know as well: all three together open nothing yet."""
del E


@dataclass(frozen=True)
class Facts:
    """What a holder typed of the person whose card the phone is to keep."""

    full_name: str
    birth_year: int
    born_on: date | None
    id_number: str
    relation: str
    division_id: int
    address: str = ""


@dataclass(frozen=True)
class Known:
    """What the registry knows of somebody who may be meant, compared with keys alone."""

    resident_id: int
    search_key: str
    birth_year: int
    born_on: date | None
    has_id_number: bool
    is_of_number: bool
    is_of_phone: bool
    is_of_household: bool


def evidence(facts: Facts, known: Known) -> frozenset[Evidence]:
    """What fits."""
    fits = {
        Evidence.ID_NUMBER: known.is_of_number,
        Evidence.NAME: search_key(facts.full_name) == known.search_key,
        Evidence.BIRTH: _is_same_birth(facts, known),
        Evidence.PHONE: known.is_of_phone,
        Evidence.HOUSEHOLD: known.is_of_household,
    }
    return frozenset(kind for kind, holds in fits.items() if holds)


def _is_same_birth(facts: Facts, known: Known) -> bool:
    if facts.born_on and known.born_on:
        return facts.born_on == known.born_on
    return facts.birth_year == known.birth_year


def is_sure(facts: Facts, known: Known, year: int) -> bool:
    """Whether no officer need look: name, birth and number fit, and the registry knows this phone for the household.

    A child has no number yet: then name and birth must fit a child of the household whose member holds the phone.
    Name, birth and number alone are never enough: whoever has seen the person's papers knows them (decision 091).
    """
    found = evidence(facts, known)
    if not found & {Evidence.PHONE, Evidence.HOUSEHOLD}:
        return False
    if found >= KNOWN:
        return True
    is_child = year - known.birth_year < CHILD_YEARS and not known.has_id_number and not facts.id_number
    return is_child and found >= {Evidence.NAME, Evidence.BIRTH, Evidence.HOUSEHOLD}


def in_words(found: Iterable[Evidence]) -> str:
    """As a claim keeps it, in the order of the list."""
    kept = set(found)
    return " ".join(kind for kind in Evidence if kind in kept)
