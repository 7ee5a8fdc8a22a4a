"""What the forms of this room offer to choose from, in the language of the page."""

from django.utils.translation import get_language

from ksdb.core.scope import Scope
from ksdb.places.models import ScanPointType
from ksdb.places.queries import point_types
from ksdb.visits.queries import communes_of_points


def word_of(kind: ScanPointType) -> str:
    return str(kind.name_vi if (get_language() or "vi").startswith("vi") else kind.name_en)


def kinds_named(scope: Scope) -> list[tuple[str, str]]:
    """Types of places: code and word."""
    return [(kind.code, word_of(kind)) for kind in point_types(scope)]


def communes_named(scope: Scope) -> list[tuple[int, str]]:
    """Communes with points that the actor may see: key and name."""
    return [(one.pk, one.name) for one in communes_of_points(scope)]
