"""The words of the coverage pages for what stands in tables as codes."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.coverage.counts import Basis
from ksdb.outreach.reasons import Reason

BASIS_LABELS: dict[Basis, str | Promise] = {
    Basis.REGISTRY: _("Registry, without those who are away"),
    Basis.EVERYONE: _("Registry, everybody"),
    Basis.CENSUS: _("Census of 1 April 2019"),
    Basis.STATISTICS: _("Statistical yearbook 2021"),
    Basis.DECREE: _("Resolution 1675, June 2025"),
}
BASIS_NOTES: dict[Basis, str | Promise] = {
    Basis.REGISTRY: _(
        "Of residents registered here, without those who died, moved, are registered twice, or work or study elsewhere."
        " Their cards are not counted either."
    ),
    Basis.EVERYONE: _("Of all residents registered here, whatever was noted about them, with all active cards."),
    Basis.CENSUS: _(
        "Of the people whom the census of 1 April 2019 counted within these boundaries, with all active cards. "
        "It counts people the registry may not have."
    ),
    Basis.STATISTICS: _(
        "Of the people of 2021 by the statistical yearbook. It has one figure for the province; it is spread over the "
        "parts as the census of 2019 found them, so those are estimates."
    ),
    Basis.DECREE: _(
        "Of the people by resolution 1675/NQ-UBTVQH15 (June 2025), which counts converted temporary residents. It has "
        "figures for the 40 communes of July 2025 and for what they add up to."
    ),
}
REASON_LABELS: dict[str, str | Promise] = {
    Reason.DIED: _("Died"),
    Reason.DUPLICATE: _("Registered twice"),
    Reason.MOVED: _("Moved away"),
    Reason.STUDIES_ELSEWHERE: _("Studies elsewhere"),
    Reason.WORKS_AWAY: _("Works away"),
}
SHADE_LABELS: tuple[str | Promise, ...] = (
    _("below 50 %"),
    _("50 to below 70 %"),
    _("70 to below 85 %"),
    _("85 to below 95 %"),
    _("95 % and more"),
    _("no figure"),
)

HEADINGS: dict[str, str | Promise] = {
    "active": _("Active cards"),
    "residents": _("Residents"),
    "share": _("Share"),
    "missing": _("No active card yet"),
    "issued": _("Card issued"),
    "out": _("Out of the count"),
}
