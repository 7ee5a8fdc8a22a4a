"""The infectious period of a case as it stands."""

from ksdb.core.clock import now
from ksdb.tracing.exposures import Period
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.period import CaseFacts, Days, infectious_period


def period_of(one: CaseRecord) -> Period:
    """The infectious period of the case as known now. Raises PeriodEmpty."""
    days = Days(one.profile.days_before_onset, one.profile.days_after_onset)
    facts = CaseFacts(one.profile.code, one.onset_on, one.sampled_on, one.isolated_at)
    return infectious_period(days, facts, now())
