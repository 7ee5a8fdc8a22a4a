"""How a resident can be reached: the number in the registry, and what the rooms above know."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from ksdb.core.scope import Scope


@dataclass(frozen=True)
class Reach:
    """The ways to one resident: numbers of phones, owners of subscriptions, and the language chosen there."""

    phones: frozenset[str] = frozenset()
    owners: frozenset[int] = frozenset()
    language: str = ""

    def __or__(self, other: "Reach") -> "Reach":
        return Reach(self.phones | other.phones, self.owners | other.owners, self.language or other.language)


REACHES: list[Callable[[Scope, Collection[int]], Reach]] = []
"""Rooms above say here how the person of these records can be reached."""
