"""Reads of the nightly check of cards, ledger and prints."""

from ksdb.cards.models import LedgerCheck, LedgerFinding
from ksdb.core.scope import Permission, Scope


def newest_check(scope: Scope) -> tuple[LedgerCheck | None, list[LedgerFinding]]:
    """The newest run and what it found; None before the first."""
    scope.require(Permission.CARDS_KEY_MANAGE)
    run = LedgerCheck.objects.first()
    return run, list(LedgerFinding.objects.filter(check_run=run)) if run else []


def is_alarmed(scope: Scope) -> bool:
    """Whether this person should see the alarm on every page: one index probe."""
    if not scope.allows(Permission.CARDS_KEY_MANAGE):
        return False
    run = LedgerCheck.objects.only("finding_count").first()
    return run is not None and run.finding_count > 0
