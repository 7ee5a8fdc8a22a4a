"""What the pages call reasons for a missing card, and the state of a card."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.outreach.doors import CardState
from ksdb.outreach.reasons import Occasion, Reason

REASON_LABELS: Mapping[Reason, Promise] = {
    Reason.WORKS_AWAY: _("Works away"),
    Reason.STUDIES_ELSEWHERE: _("Studies elsewhere"),
    Reason.MOVED: _("Moved away for good"),
    Reason.DIED: _("Has died"),
    Reason.DUPLICATE: _("On the list twice"),
    Reason.NO_PHONE: _("No phone: needs a paper card"),
    Reason.REFUSES: _("Does not want a card"),
}
"""In the order in which they are heard most."""

REASON_LETTERS: Mapping[Reason, str] = dict(zip(REASON_LABELS, "ABCDEFG", strict=True))
"""For ticking by hand on paper."""

OCCASION_LABELS: Mapping[Occasion, Promise] = {
    Occasion.DOORS: _("Going from door to door"),
    Occasion.MEETING: _("Handing out cards at one place"),
    Occasion.CHECK: _("Checking the list with the head of the group"),
}

CARD_LABELS: Mapping[CardState, Promise] = {
    CardState.ACTIVE: _("Has a card"),
    CardState.WAITING: _("Card not activated"),
    CardState.BLOCKED: _("Card suspended"),
    CardState.NONE: _("No card"),
}
CARD_KINDS = {CardState.ACTIVE: "good", CardState.WAITING: "info", CardState.BLOCKED: "warning", CardState.NONE: "bad"}
