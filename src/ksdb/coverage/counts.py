"""What is counted in a division, and by which denominator a share is told."""

from dataclasses import dataclass, fields
from enum import StrEnum
from operator import add, attrgetter
from typing import Final

BANDS: Final = (0, 6, 12, 18, 30, 45, 60, 75)
"""The first age of each band; the age that is reached in the year."""


class Basis(StrEnum):
    """What the share is of. The denominator is disputed, so it is always named."""

    REGISTRY = "registry"
    EVERYONE = "everyone"
    CENSUS = "census"
    STATISTICS = "statistics"
    DECREE = "decree"

    @property
    def is_registry(self) -> bool:
        return self in {Basis.REGISTRY, Basis.EVERYONE}


@dataclass(frozen=True)
class Counts:
    """People of a division. `all_active` counts whoever holds an active card, in the count or out of it."""

    registered: float = 0
    all_active: float = 0
    counted: float = 0
    issued: float = 0
    active: float = 0
    electronic: float = 0
    paper: float = 0
    plastic: float = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(*map(add, _figures(self), _figures(other)))

    def times(self, share: float) -> "Counts":
        return Counts(*(value * share for value in _figures(self)))

    def rounded(self) -> "Counts":
        return Counts(*map(round, _figures(self)))

    @property
    def out(self) -> float:
        """Registered, but out of the count."""
        return self.registered - self.counted


WIDTH: Final = len(fields(Counts))
_figures = attrgetter(*(field.name for field in fields(Counts)))


@dataclass(frozen=True)
class Figure:
    """How many people a source gives a division; `is_estimate` where it was spread over parts by the census."""

    people: int
    is_estimate: bool = False


@dataclass(frozen=True)
class Share:
    """Active cards of people: the newspaper's pair. `whole` is None where the source has no figure."""

    part: int
    whole: int | None

    @property
    def ratio(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def missing(self) -> int | None:
        """How many active cards are missing; below zero where the source counts fewer people than have cards."""
        return None if self.whole is None else self.whole - self.part


def share(counts: Counts, basis: Basis, figure: Figure | None) -> Share:
    """Active cards by the denominator chosen. Only by the registry are people taken out, and their cards with them."""
    if basis == Basis.REGISTRY:
        return Share(round(counts.active), round(counts.counted))
    if basis == Basis.EVERYONE:
        return Share(round(counts.all_active), round(counts.registered))
    return Share(round(counts.all_active), figure.people if figure else None)
