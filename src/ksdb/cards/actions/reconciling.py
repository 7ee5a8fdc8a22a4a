"""The nightly comparison of cards, the ledger of signatures and prints; what does not fit is an alarm."""

import hashlib
import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.cards.actions import token_sha256
from ksdb.cards.actions.drawing import file_sha256
from ksdb.cards.keys import KeyFileMissing, SigningKey, signing_key
from ksdb.cards.life import CARDS_PER_KEY
from ksdb.cards.models import IssuerKey, LedgerCheck, LedgerFinding, PrintBatch, PrintPart, Signature
from ksdb.cards.queries.printing import prints_dir
from ksdb.core.clock import now
from ksdb.core.electronic import bind_token
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Claims, Form, Usage, expiry, sign_token
from ksdb.postgres.named import sql

RESIGNED: Final = 20_000
"""So many tokens are signed again a night: all that are newer than the last check, the rest drawn at random."""
REBOUND: Final = 5_000
"""And so many of those that are bound to phones."""
KEPT_RUNS: Final = 400
NOT_THIS_KEY: Final = "not_this_key"

_log = logging.getLogger(__name__)

Keys = dict[int, SigningKey]
Row = tuple[str, int, int | None, int | None]
"""A finding: its kind, how many, the first card index, the key."""


def check_ledger(scope: Scope) -> LedgerCheck:
    """Compares everything once and stores what it found.

    About 10 s and 20,000 signatures at 1.2 million cards, and the time it takes to read the files of prints.
    """
    scope.require(Permission.CARDS_KEY_MANAGE)
    last = LedgerCheck.objects.first()
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "ledger_counts"))
        cards, signatures = cursor.fetchone()
        cursor.execute(sql("ksdb.cards", "ledger_findings"), {"most": CARDS_PER_KEY})
        found: list[Row] = list(cursor.fetchall())
    keys, missing = _keys()
    resigned, wrong = _signed_again(last, keys)
    rebound, wrongly_bound = _bound_again(last, keys)
    found += missing + wrong + wrongly_bound + _altered_files()
    counts = {"card_count": cards, "signature_count": signatures, "resigned_count": resigned + rebound}
    return _kept(scope, found, counts)


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


def _again(last: LedgerCheck | None, query: str, most: int) -> list[tuple[Any, ...]]:
    """Lines of a ledger whose tokens are made anew tonight."""
    parameters = {"since": last.checked_at if last else None, "most": most, "seed": random.SystemRandom().random()}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", query), parameters)
        return list(cursor.fetchall())


def _signed_again(last: LedgerCheck | None, keys: Keys) -> tuple[int, list[Row]]:
    """How many tokens were made anew, and those that differ from their line of the ledger."""
    wrong: dict[int, list[int]] = {}
    count = 0
    for kid, index, form, expires_at, sha256 in _again(last, "lines_to_sign_again", RESIGNED):
        if kid in keys:
            count += 1
            token = sign_token(Claims(index, Form(form), expiry(expires_at)), kid, keys[kid].private_key)
            if token_sha256(token) != bytes(sha256):
                wrong.setdefault(kid, []).append(index)
    return count, _rows(NOT_THIS_KEY, wrong)


def _bound_again(last: LedgerCheck | None, keys: Keys) -> tuple[int, list[Row]]:
    """The same of the tokens that are bound to phones."""
    wrong: dict[int, list[int]] = {}
    count = 0
    for kid, index, expires_at, point, sha256 in _again(last, "bindings_to_sign_again", REBOUND):
        if kid in keys:
            count += 1
            device = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes(point))
            claims = Claims(index, Form.ELECTRONIC, expiry(expires_at))
            if hashlib.sha256(bind_token(claims, kid, keys[kid].private_key, device)).digest() != bytes(sha256):
                wrong.setdefault(kid, []).append(index)
    return count, _rows("bound_not_this_key", wrong)


def _rows(kind: str, wrong: Mapping[int, Sequence[int]]) -> list[Row]:
    return [(kind, len(indexes), min(indexes), kid) for kid, indexes in wrong.items()]


def _keys() -> tuple[Keys, list[Row]]:
    """The keys whose files are here; and those in use whose files are not: their tokens cannot be made anew."""
    found: Keys = {}
    missing: list[Row] = []
    for row in IssuerKey.objects.filter(usage=Usage.CARD):
        try:
            found[row.kid] = signing_key(row.kid, bytes(row.public_key))
        except KeyFileMissing:
            if row.retired_at is None and row.not_after > now():
                count = Signature.objects.filter(kid=row.kid).count()
                missing.append(("key_file_missing", count, None, row.kid))
    return found, missing


def _altered_files() -> list[Row]:
    """Drawn files that lie there otherwise than they were drawn, or that are gone before they were printed."""
    drawn = PrintPart.objects.exclude(file_name="").exclude(batch__status=PrintBatch.Status.CANCELLED)
    kinds: Counter[str] = Counter()
    for name, sha256, status in drawn.values_list("file_name", "file_sha256", "batch__status").iterator():
        path = prints_dir() / name
        if not path.is_file():
            kinds["print_file_missing"] += status != PrintBatch.Status.PRINTED
        elif sha256 is not None and file_sha256(path) != bytes(sha256):
            kinds["print_file_altered"] += 1
    return [(kind, count, None, None) for kind, count in kinds.items() if count]
