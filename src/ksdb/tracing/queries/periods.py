"""The infectious period of a case as it stands: the profile's, or as set by hand."""

from datetime import datetime

from ksdb.core.clock import now
from ksdb.tracing.exposures import Period
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.period import CaseFacts, Days, PeriodEmpty, infectious_period


def period_of(one: CaseRecord, at: datetime | None = None) -> Period:
    """The infectious period of the case as it was to be told at that instant, or now. Raises PeriodEmpty."""
    at = at or now()
    days = Days(one.profile.days_before_onset, one.profile.days_after_onset)
    facts = CaseFacts(one.profile.code, one.onset_on, one.sampled_on, one.isolated_at)
    if not (one.adjusted_from or one.adjusted_until):
        return infectious_period(days, facts, at)
    if one.adjusted_from and one.adjusted_until:
        since, until = one.adjusted_from, one.adjusted_until
    else:
        usual = infectious_period(days, facts, at)
        since, until = one.adjusted_from or usual[0], one.adjusted_until or usual[1]
    until = min(until, at)
    if until <= since:
        raise PeriodEmpty
    return since, until
