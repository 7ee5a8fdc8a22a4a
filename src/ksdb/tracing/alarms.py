"""The alarm of an open case that nobody has traced while its days go, for the pages of those who trace."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ksdb.core.scope import Scope
from ksdb.tracing.queries.keeping import case_losing_days
from ksdb.web.alarms import Alarm


def losing_days_alarm(scope: Scope) -> Alarm | None:
    case_id = case_losing_days(scope)
    if case_id is None:
        return None
    sentence = _("An open case was never traced, and visits of its days are deleted within three days. Trace it now.")
    return Alarm(sentence, reverse("tracing:case", args=[case_id]))
