"""What tracing keeps until when, and which days an open case holds: numbers alone, for those who may see no case."""

from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Count, DurationField, ExpressionWrapper, F, Min
from django.template.defaultfilters import date as written_date
from django.utils.translation import gettext

from ksdb.core.clock import day_of
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import within
from ksdb.postgres.named import sql
from ksdb.tracing.models import CaseRecord, ReportedCase
from ksdb.visits.keeping import Kept, first_kept_on

WARNED_DAYS = 3
"""So many days before its visits go, a case that was never traced is told of."""


INFECTIOUS = ("onset_on", "sampled_on", "profile__days_before_onset", "profile__days_after_onset")
"""What tells on which days a case is infectious: every page asks for the alarm, and no more than it needs."""


def open_case_needs(scope: Scope, on: date) -> bool:
    """Whether an open case was, or may have been, infectious on that day: a legal hold against deleting it early."""
    scope.require(Permission.VISITS_DAY_READ)
    open_cases = CaseRecord.objects.filter(closed_at=None).select_related("profile").only(*INFECTIOUS)
    return any(_is_infectious(one, on) for one in open_cases)


def _is_infectious(one: CaseRecord, on: date) -> bool:
    onset = one.onset_on or one.sampled_on
    first = onset - timedelta(days=one.profile.days_before_onset)
    return first <= on <= onset + timedelta(days=one.profile.days_after_onset)


def case_losing_days(scope: Scope) -> int | None:
    """An open case of the jurisdiction that was never traced and of which a day goes soon; None for who traces none.

    The legal hold of an open case keeps what was traced, not the visits. Reads the open cases without a trace.
    """
    if not scope.allows(Permission.TRACING_CASE_WRITE):
        return None
    untraced = CaseRecord.objects.filter(within(scope, Permission.TRACING_CASE_WRITE, "resident__division"))
    waiting = untraced.filter(closed_at=None, traces=None).select_related("profile").only(*INFECTIOUS).order_by("id")
    going = [first_kept_on() + timedelta(days=ahead) for ahead in range(WARNED_DAYS)]
    return next((one.pk for one in waiting if any(_is_infectious(one, on) for on in going)), None)


def kept_data(scope: Scope) -> list[Kept]:
    """Cases and contacts for the page of retention: numbers alone, for those who may see no case."""
    scope.require(Permission.VISITS_DAY_READ)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "kept_counts"))
        open_count, oldest_at, closed_count, next_at, contacts = cursor.fetchone()
    held = gettext("until closed: legal hold")
    if oldest_at:
        held = gettext("until closed: legal hold; the oldest since %(day)s") % {"day": written_date(oldest_at, "j/n/Y")}
    with_case = gettext("with their case")
    return [
        Kept(gettext("Open cases"), held, open_count, None),
        Kept(gettext("Closed cases"), gettext("days after closing, by disease profile"), closed_count, _day(next_at)),
        Kept(gettext("Contacts in traces"), with_case, contacts, _day(next_at)),
        Kept(gettext("Cases of unknown people"), gettext("days after the report, by disease profile"), *_reported()),
    ]


def _reported() -> tuple[int, date | None]:
    """How many cases of unknown people there are, and the day on which the first of them goes."""
    kept = ExpressionWrapper(F("profile__keep_days") * timedelta(days=1), output_field=DurationField())
    found = ReportedCase.objects.filter(case=None).aggregate(count=Count("id"), next_at=Min(F("reported_at") + kept))
    return found["count"], _day(found["next_at"])


def _day(at: datetime | None) -> date | None:
    return day_of(at) + timedelta(days=1) if at else None
