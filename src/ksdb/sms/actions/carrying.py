"""Hands what waits to the carrier, takes its receipts, and counts what it cost."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import QuerySet

from ksdb.access.sealing import opened
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope
from ksdb.postgres.named import sql
from ksdb.sms.carriers import carrier
from ksdb.sms.carriers.carrying import Line, LineDown, NotTaken, Receipt
from ksdb.sms.models import Part, Text
from ksdb.sms.proof import BODY, PHONE

MOST_AT_ONCE = 500
LONGEST_WAIT = timedelta(minutes=15)
State = Text.State


def carry_texts(scope: Scope) -> int:
    """Messages that are due go out, those that end soonest first, and receipts come in; how many were taken.

    A process that dies between the carrier's answer and ours sends that one message again: twice is better than never.
    """
    if not scope.is_system:
        raise NotAllowed
    _end_expired(scope)
    carries = carrier()
    if carries is None or not (_due().exists() or _awaited().exists()):
        return 0
    count = 0
    try:
        with carries.line() as line:
            while count < MOST_AT_ONCE and (text := _claimed()):
                count += _carry(scope, line, text)
            if _awaited().exists():
                note_receipts(scope, line.receipts())
    except LineDown as error:
        Text.objects.filter(state=State.WAITING).update(failure=error.code)
    return count


def note_receipts(scope: Scope, receipts: Sequence[Receipt]) -> int:
    """What carriers say became of parts; how many messages came to their end by it. Unknown numbers are passed over."""
    if not scope.is_system:
        raise NotAllowed
    return sum(_note(scope, receipt) for receipt in receipts)


def count_taken(scope: Scope, text: Text) -> None:
    """A message that was taken, its parts and their price stand in the figures of the day."""
    cost = text.segments * settings().sms_cost
    _count_up(scope, text.carrier, texts=1, segments=text.segments, cost=cost)


def _due() -> QuerySet[Text]:
    return Text.objects.filter(state=State.WAITING, next_at__lte=now())


def _awaited() -> QuerySet[Text]:
    return Text.objects.filter(state=State.SENT, parts__is_delivered=None, parts__isnull=False)


@transaction.atomic
def _claimed() -> Text | None:
    """The next one, whose next try is put off before this one is made."""
    text = _due().select_for_update(skip_locked=True).order_by("expires_at", "id").first()
    if text is None:
        return None
    text.attempts += 1
    text.next_at = now() + min(timedelta(seconds=30) * 2 ** min(text.attempts - 1, 10), LONGEST_WAIT)
    text.save(update_fields=["attempts", "next_at"])
    return text


def _carry(scope: Scope, line: Line, text: Text) -> int:
    """One where the carrier took it."""
    phone, body = opened(PHONE, bytes(text.phone_sealed)), opened(BODY, bytes(text.body_sealed))
    try:
        references = line.submit(phone, body)
    except NotTaken as error:
        _refused(scope, text, error)
        return 0
    with transaction.atomic():
        text.state, text.sent_at, text.failure = State.SENT, now(), ""
        text.save(update_fields=["state", "sent_at", "failure"])
        Part.objects.bulk_create(Part(text=text, reference=reference[:80]) for reference in references if reference)
        count_taken(scope, text)
    return 1


def _refused(scope: Scope, text: Text, error: NotTaken) -> None:
    if error.is_final:
        _end(scope, text, State.FAILED, error.code)
    else:
        Text.objects.filter(pk=text.pk).update(failure=error.code)


@transaction.atomic
def _note(scope: Scope, receipt: Receipt) -> int:
    parts = Part.objects.select_for_update().select_related("text").order_by("-id")
    part = parts.filter(reference__in=_spellings(receipt.reference), is_delivered=None).first()
    if part is None:
        return 0
    part.is_delivered = receipt.is_delivered
    part.save(update_fields=["is_delivered"])
    text = part.text
    if text.state != State.SENT:
        return 0
    if not receipt.is_delivered:
        _end(scope, text, State.FAILED, receipt.code)
    elif not text.parts.exclude(is_delivered=True).exists():
        _end(scope, text, State.DELIVERED, "")
    else:
        return 0
    return 1


def _spellings(reference: str) -> list[str]:
    """Centres give a number in hexadecimal when they take a message, and in decimal in the receipt."""
    if not reference.isascii() or not reference.isdecimal():
        return [reference]
    return [reference, f"{int(reference):x}", f"{int(reference):X}", f"{int(reference):08x}", f"{int(reference):08X}"]


@transaction.atomic
def _end(scope: Scope, text: Text, state: State, failure: str) -> None:
    Text.objects.filter(pk=text.pk).update(state=state, ended_at=now(), failure=failure)
    delivered = int(state == State.DELIVERED)
    _count_up(scope, text.carrier, delivered=delivered, failed=1 - delivered)


def _end_expired(scope: Scope) -> None:
    for text in Text.objects.filter(state=State.WAITING, expires_at__lte=now())[:MOST_AT_ONCE]:
        _end(scope, text, State.FAILED, text.failure or "expired")


def _count_up(scope: Scope, carrier: str, **figures: int) -> None:
    named = dict.fromkeys(("texts", "segments", "cost", "delivered", "failed"), 0) | figures
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.sms", "count_up"), {"on": today(), "carrier": carrier, **named})
