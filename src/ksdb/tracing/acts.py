"""Tells the rooms below what tracing keeps and holds, and how a long list of contacts is taken out by two persons."""

from django.urls import reverse
from django.utils.translation import ngettext

from ksdb.approvals.kinds import CARRIERS, Carrier, Kind, Payload, number_of
from ksdb.core.scope import Permission
from ksdb.tracing.actions.exporting import LISTS, carry_out_export
from ksdb.tracing.actions.listing import carry_out_line_list
from ksdb.tracing.actions.presence import carry_out_present
from ksdb.tracing.actions.rerunning import touched_by_dispute, touched_by_retiming
from ksdb.tracing.actions.wards import carry_out_ward_list
from ksdb.tracing.queries.keeping import kept_data, open_case_needs
from ksdb.visits.disputing import ACCEPTED
from ksdb.visits.keeping import HOLDS, KEPT
from ksdb.visits.retiming import RETIMED


def register() -> None:
    """Called once, when Django is ready."""
    CARRIERS[Kind.TRACE_EXPORT] = Carrier(
        Permission.TRACING_TRACE_EXPORT, carry_out_export, _described, _page, result_page=_result, is_long=True
    )
    CARRIERS[Kind.POINT_EXPORT] = Carrier(
        Permission.TRACING_TRACE_EXPORT,
        carry_out_present,
        _described_present,
        _point_page,
        result_page=_result,
        is_long=True,
    )
    LISTS["list"], LISTS["first_day"] = carry_out_ward_list, carry_out_line_list
    HOLDS.append(open_case_needs)
    KEPT.append(kept_data)
    ACCEPTED.append(touched_by_dispute)
    RETIMED.append(touched_by_retiming)


def _described(payload: Payload) -> str:
    count = number_of(payload, "count")
    if "first_day" in payload:
        told = ngettext("Take out %(count)s case of the line list", "Take out %(count)s cases of the line list", count)
        return told % {"count": count}
    told = ngettext("Take out %(count)s contact of a trace", "Take out %(count)s contacts of a trace", count)
    return told % {"count": count}


def _described_present(payload: Payload) -> str:
    count = number_of(payload, "count")
    told = ngettext(
        "Take out %(count)s person who was at a place", "Take out %(count)s people who were at a place", count
    )
    return told % {"count": count}


def _point_page(payload: Payload) -> str:
    return reverse("tracing:point", args=[number_of(payload, "case"), number_of(payload, "point")])


def _page(payload: Payload) -> str:
    if "list" in payload:
        return reverse("tracing:ward_list", args=[number_of(payload, "list")])
    if "first_day" in payload:
        return reverse("tracing:cases")
    return reverse("tracing:trace", args=[number_of(payload, "trace")])


def _result(act_id: int) -> str:
    return reverse("tracing:export_file", args=[act_id])
