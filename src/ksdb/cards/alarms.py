"""The alarm of the nightly check, for the pages of administrators."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ksdb.cards.queries.ledger import is_alarmed
from ksdb.core.scope import Scope
from ksdb.web.alarms import Alarm


def ledger_alarm(scope: Scope) -> Alarm | None:
    if not is_alarmed(scope):
        return None
    return Alarm(_("Cards, ledger and prints do not fit together. Stop printing."), reverse("cards:ledger"))
