"""Tells the room of approvals that deleting a day before its time needs two persons, and how it is done."""

from django.template.defaultfilters import date as written_date
from django.urls import reverse
from django.utils.translation import gettext

from ksdb.approvals.kinds import CARRIERS, Carrier, Kind, Payload
from ksdb.core.scope import Permission
from ksdb.visits.actions import carry_out_day_delete
from ksdb.visits.keeping import day_in


def register() -> None:
    """Called once, when Django is ready."""
    CARRIERS[Kind.DAY_DELETE] = Carrier(Permission.VISITS_DAY_DELETE, carry_out_day_delete, _described, _page)


def _described(payload: Payload) -> str:
    return gettext("Delete all visits of %(day)s") % {"day": written_date(day_in(payload), "j/n/Y")}


def _page(_payload: Payload) -> str:
    return reverse("visits:retention")
