"""The page of keys and of the nightly check, for the administrator."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ksdb.cards.queries.keys import KeyShown, keys_shown
from ksdb.cards.queries.ledger import newest_check
from ksdb.cards.words import FINDING_LABELS, KEY_STATE_KINDS, KEY_STATE_LABELS, USAGE_LABELS
from ksdb.core.clock import now
from ksdb.core.scope import Permission
from ksdb.web.requires import ScopedRequest, requires

LATE = timedelta(days=2)


@dataclass(frozen=True)
class KeyRow:
    """A key as the page shows it."""

    kid: int
    usage_label: str | Promise
    state_label: str | Promise
    kind: str
    signed: int
    not_after: datetime

    @classmethod
    def of(cls, key: KeyShown) -> "KeyRow":
        label, kind = KEY_STATE_LABELS[key.state], KEY_STATE_KINDS[key.state]
        return cls(key.kid, USAGE_LABELS[key.usage], label, kind, key.signed, key.not_after)


@never_cache
@require_GET
@requires(Permission.CARDS_KEY_MANAGE)
def ledger(request: ScopedRequest) -> HttpResponse:
    run, findings = newest_check(request.scope)
    context = {
        "run": run,
        "is_late": run is not None and now() - run.checked_at > LATE,
        "findings": [(finding, FINDING_LABELS[finding.kind]) for finding in findings],
        "keys": [KeyRow.of(key) for key in keys_shown(request.scope)],
        "alarm_word": gettext("Alarm"),
        "late_word": gettext("Late"),
        "well_word": gettext("Good"),
        "as_of": now(),
    }
    return render(request, "cards/ledger.html", context)
