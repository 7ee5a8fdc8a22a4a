"""Tells the rooms below what the follow-up keeps, and how a long list of contacts is taken out by two persons."""

from django.urls import reverse
from django.utils.translation import ngettext

from ksdb.approvals.kinds import CARRIERS, Carrier, Kind, Payload, number_of
from ksdb.core.scope import Permission
from ksdb.followup.actions.exporting import carry_out_list
from ksdb.followup.queries.kept import kept_data
from ksdb.visits.keeping import KEPT


def register() -> None:
    """Called once, when Django is ready."""
    CARRIERS[Kind.FOLLOWUP_EXPORT] = Carrier(
        Permission.FOLLOWUP_LIST_EXPORT, carry_out_list, _described, _page, result_page=_result, is_long=True
    )
    KEPT.append(kept_data)


def _described(payload: Payload) -> str:
    count = number_of(payload, "count")
    told = ngettext("Take out %(count)s contact to follow", "Take out %(count)s contacts to follow", count)
    return told % {"count": count}


def _page(payload: Payload) -> str:
    case = number_of(payload, "case")
    return reverse("followup:case", args=[case]) if case else reverse("followup:today")


def _result(act_id: int) -> str:
    return reverse("followup:export_file", args=[act_id])
