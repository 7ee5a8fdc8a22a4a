"""What the follow-up adds to pages: tags of statuses, words of lists, its links on pages of cases and traces."""

from decimal import Decimal
from typing import Any

from django import template
from django.utils.formats import localize
from django.utils.safestring import SafeString

from ksdb.followup.actions import MOST_CHOSEN
from ksdb.followup.queries.drills import drill_cases
from ksdb.followup.queries.progress import may_choose
from ksdb.followup.states import Basis, EventKind, Outcome, Reason, Status
from ksdb.followup.words import (
    BASIS_LABELS,
    EVENT_LABELS,
    OUTCOME_LABELS,
    REASON_LABELS,
    STATUS_KINDS,
    STATUS_LABELS,
    symptom_words,
)
from ksdb.web.requires import ScopedRequest
from ksdb.web.templatetags.ksdb import tag

register = template.Library()


@register.simple_tag
def status_tag(status: str) -> SafeString:
    """The status of a follow-up in a coloured lozenge."""
    return tag(STATUS_LABELS[Status(status)], STATUS_KINDS[Status(status)])


@register.filter
def reason_label(reason: str) -> str:
    return str(REASON_LABELS[Reason(reason)]) if reason else ""


@register.filter
def event_label(kind: str) -> str:
    return str(EVENT_LABELS[EventKind(kind)])


@register.filter
def status_label(status: str) -> str:
    return str(STATUS_LABELS[Status(status)])


@register.filter
def outcome_label(outcome: str) -> str:
    return str(OUTCOME_LABELS[Outcome(outcome)]) if outcome else ""


@register.filter
def basis_label(basis: str) -> str:
    return str(BASIS_LABELS[Basis(basis)])


@register.filter
def symptom_list(symptoms: str) -> str:
    return ", ".join(symptom_words(symptoms))


@register.filter
def degrees(tenths: int | str | None) -> str:
    """372 is 37,2 in Vietnamese; a dash for None, and for what a template cannot find."""
    return "–" if tenths is None or tenths == "" else str(localize(Decimal(tenths) / 10))


@register.inclusion_tag("followup/of_case.html", takes_context=True)
def follow_up_of_case(context: dict[str, Any], case_id: int, trace_id: int | None = None) -> dict[str, Any]:
    """The links to the follow-up of a case and to its chain, and that it is a drill."""
    request: ScopedRequest = context["request"]
    return {"case_id": case_id, "trace_id": trace_id, "is_drill": case_id in drill_cases(request.scope)}


@register.inclusion_tag("followup/choose.html", takes_context=True)
def follow_second(context: dict[str, Any], trace_id: int, count: int, contact_id: int | None = None) -> dict[str, Any]:
    """The button that follows these people of the second generation, where this run is the one that is followed."""
    request: ScopedRequest = context["request"]
    named = {"contact": contact_id} if contact_id else {name: request.GET.get(name) for name in ("commune", "place")}
    return {
        "trace_id": trace_id,
        "count": count,
        "most": MOST_CHOSEN,
        "fields": {name: value for name, value in named.items() if value},
        "is_one": contact_id is not None,
        "is_offered": count and may_choose(request.scope, trace_id),
        "csrf_token": context.get("csrf_token"),
    }
