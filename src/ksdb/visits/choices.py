"""What the forms of this room offer to choose from, in the language of the page."""

from typing import Protocol

from django.utils.translation import get_language

from ksdb.core.scope import Scope
from ksdb.places.queries import point_types
from ksdb.visits.queries import communes_of_points


class Kind(Protocol):
    """A type of places."""

    name_vi: str
    name_en: str


def word_of(kind: Kind) -> str:
    return str(kind.name_vi if (get_language() or "vi").startswith("vi") else kind.name_en)


def kinds_named(scope: Scope) -> list[tuple[str, str]]:
    """Types of places: code and word."""
    return [(kind.code, word_of(kind)) for kind in point_types(scope)]


def communes_named(scope: Scope) -> list[tuple[int, str]]:
    """Communes with points that the actor may see: key and name."""
    return [(one.pk, one.name) for one in communes_of_points(scope)]
