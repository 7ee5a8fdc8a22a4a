"""Tells the rooms below what tracing keeps and holds, and how a long list of contacts is taken out by two persons."""

from django.urls import reverse
from django.utils.translation import ngettext

from ksdb.approvals.kinds import CARRIERS, Carrier, Errand, Kind, Payload, number_of
from ksdb.core.scope import Permission, Scope
from ksdb.tracing.actions.exporting import carry_out_export
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
        Permission.TRACING_TRACE_EXPORT, _carry_out, _described, _page, result_page=_result, is_long=True
    )
    CARRIERS[Kind.POINT_EXPORT] = Carrier(
        Permission.TRACING_TRACE_EXPORT,
        carry_out_present,
        _described_present,
        _point_page,
        result_page=_result,
        is_long=True,
    )
    CARRIERS[Kind.WARD_EXPORT] = Carrier(
        Permission.TRACING_LIST_READ,
        carry_out_ward_list,
        _described_ward,
        _ward_page,
        result_page=_ward_result,
        is_long=True,
    )
    HOLDS.append(open_case_needs)
    KEPT.append(kept_data)
    ACCEPTED.append(touched_by_dispute)
    RETIMED.append(touched_by_retiming)


def _carry_out(scope: Scope, errand: Errand) -> Payload:
    """The contacts of a trace, or the line list of some days."""
    return (carry_out_line_list if "first_day" in errand.payload else carry_out_export)(scope, errand)


def _described_ward(payload: Payload) -> str:
    count = number_of(payload, "count")
    told = ngettext("Take out %(count)s person of a ward's list", "Take out %(count)s people of a ward's list", count)
    return told % {"count": count}


def _ward_page(payload: Payload) -> str:
    return reverse("tracing:ward_list", args=[number_of(payload, "list")])


def _ward_result(act_id: int) -> str:
    return reverse("tracing:ward_file", args=[act_id])


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
    if "first_day" in payload:
        return reverse("tracing:cases")
    return reverse("tracing:trace", args=[number_of(payload, "trace")])


def _result(act_id: int) -> str:
    return reverse("tracing:export_file", args=[act_id])
