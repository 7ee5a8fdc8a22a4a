"""Tells in words what a note says and what stands against it, for whoever decides between the two."""

from django.utils.formats import date_format
from django.utils.translation import gettext

from ksdb.core.clock import ZONE
from ksdb.outreach.doors import Standing
from ksdb.outreach.notes import NoteKind, Theirs
from ksdb.outreach.reasons import Reason
from ksdb.outreach.words import REASON_LABELS


def what_of(kind: str, reason: str) -> str:
    """What a note says about a person."""
    if reason:
        return str(REASON_LABELS[Reason(reason)])
    return gettext("Reason taken back") if kind == NoteKind.WITHDRAW else ""


def told(standing: Standing) -> Theirs:
    """What stands now, by whom and since when."""
    if standing.reason is not None:
        what = str(REASON_LABELS[standing.reason])
    elif standing.has_card:
        what = gettext("The card was activated")
    else:
        what = gettext("Reason taken back")
    return Theirs(what, standing.by, date_format(standing.at.astimezone(ZONE), "H:i j/n/Y") if standing.at else "")
