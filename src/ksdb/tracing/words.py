"""Words about traces that pages and files share."""

from django.utils.translation import gettext, ngettext

from ksdb.tracing.report import Completeness


def incomplete(seen: Completeness) -> str:
    """That a list is not complete, and by how many at least, in one or two sentences."""
    said = gettext("This list is not complete.")
    if seen.missed is None:
        return said
    more = ngettext(
        "In the whole trace at least %(count)s more person was probably there and was not seen.",
        "In the whole trace at least %(count)s more people were probably there and were not seen.",
        seen.missed,
    )
    return f"{said} {more % {'count': seen.missed}}"


def sensitive_place() -> str:
    """What a file says for the name of a sensitive place."""
    return gettext("a sensitive place")
