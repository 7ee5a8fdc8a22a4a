"""The nightly comparison of cards, the ledger of signatures and prints; what does not fit is an alarm."""

import logging
import random
from typing import Final

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.cards.actions import token_sha256
from ksdb.cards.keys import KeyFileMissing, SigningKey, signing_key
from ksdb.cards.life import CARDS_PER_KEY
from ksdb.cards.models import IssuerKey, LedgerCheck, LedgerFinding
from ksdb.core.clock import now
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Claims, Form, Usage, expiry, sign_token
from ksdb.postgres.named import sql

RESIGNED: Final = 20_000
"""So many tokens are signed again a night: all that are newer than the last check, the rest drawn at random."""
KEPT_RUNS: Final = 400
NOT_THIS_KEY: Final = "not_this_key"

_log = logging.getLogger(__name__)

Row = tuple[str, int, int | None, int | None]
"""A finding: its kind, how many, the first card index, the key."""


def check_ledger(scope: Scope) -> LedgerCheck:
    """Compares everything once and stores what it found. About 10 s and 20,000 signatures at 1.2 million cards."""
    scope.require(Permission.CARDS_KEY_MANAGE)
    last = LedgerCheck.objects.first()
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "ledger_counts"))
        cards, signatures = cursor.fetchone()
        cursor.execute(sql("ksdb.cards", "ledger_findings"), {"most": CARDS_PER_KEY})
        found: list[Row] = list(cursor.fetchall())
    resigned, wrong = _signed_again(last)
    found += wrong
    return _kept(scope, found, {"card_count": cards, "signature_count": signatures, "resigned_count": resigned})


@transaction.atomic
def _kept(scope: Scope, found: list[Row], counts: dict[str, int]) -> LedgerCheck:
    run = LedgerCheck.objects.create(checked_at=now(), finding_count=len(found), **counts)
    LedgerFinding.objects.bulk_create(
        LedgerFinding(check_run=run, kind=kind, count=count, card_index=index, kid=kid)
        for kind, count, index, kid in found
    )
    old = LedgerCheck.objects.order_by("-pk")[KEPT_RUNS:].values_list("pk", flat=True)
    LedgerCheck.objects.filter(pk__in=list(old)).delete()
    record(scope, "cards:ledger:check", detail={**counts, "findings": [[kind, count] for kind, count, *_ in found]})
    for kind, count, *_ in found:
        _log.error("the ledger does not fit: %s, %s times", kind, count)
    return run


def _signed_again(last: LedgerCheck | None) -> tuple[int, list[Row]]:
    """How many tokens were made anew, and those that differ from their line of the ledger."""
    parameters = {"since": last.checked_at if last else None, "most": RESIGNED, "seed": random.SystemRandom().random()}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "lines_to_sign_again"), parameters)
        lines = cursor.fetchall()
    keys = _keys()
    wrong: dict[int, list[int]] = {}
    count = 0
    for kid, index, form, expires_at, sha256 in lines:
        key = keys.get(kid)
        if key is None:
            continue
        count += 1
        token = sign_token(Claims(index, Form(form), expiry(expires_at)), kid, key.private_key)
        if token_sha256(token) != bytes(sha256):
            wrong.setdefault(kid, []).append(index)
    return count, [(NOT_THIS_KEY, len(indexes), min(indexes), kid) for kid, indexes in wrong.items()]


def _keys() -> dict[int, SigningKey]:
    """The keys whose files are here; the others' tokens cannot be made anew."""
    found = {}
    for row in IssuerKey.objects.filter(usage=Usage.CARD):
        try:
            found[row.kid] = signing_key(row.kid, bytes(row.public_key))
        except KeyFileMissing:
            continue
    return found
