"""Hands what waits to the carrier, takes its receipts, and counts what it cost."""

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from ksdb.access.sealing import opened
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope
from ksdb.sms.carriers import carrier
from ksdb.sms.carriers.carrying import Line, LineDown, NotTaken, Receipt
from ksdb.sms.counting import count_ended, count_taken
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
    _end_expired()
    carries = carrier()
    if carries is None or not (_due().exists() or _awaited().exists()):
        return 0
    count = 0
    try:
        with carries.line() as line:
            while count < MOST_AT_ONCE and (text := _claimed()):
                count += _carry(line, text)
            if _awaited().exists():
                note_receipts(scope, line.receipts())
    except LineDown as error:
        Text.objects.filter(state=State.WAITING).update(failure=error.code)
    return count


def note_receipts(scope: Scope, receipts: Sequence[Receipt]) -> int:
    """What carriers say became of parts; how many messages came to their end by it. Unknown numbers are passed over."""
    if not scope.is_system:
        raise NotAllowed
    return sum(_note(receipt) for receipt in receipts)


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


def _carry(line: Line, text: Text) -> int:
    """One where the carrier took it."""
    phone, body = opened(PHONE, bytes(text.phone_sealed)), opened(BODY, bytes(text.body_sealed))
    try:
        references = line.submit(phone, body)
    except NotTaken as error:
        _refused(text, error)
        return 0
    with transaction.atomic():
        text.state, text.sent_at, text.failure = State.SENT, now(), ""
        text.save(update_fields=["state", "sent_at", "failure"])
        Part.objects.bulk_create(Part(text=text, reference=reference[:80]) for reference in references if reference)
        count_taken(text.carrier, text.segments)
    return 1


def _refused(text: Text, error: NotTaken) -> None:
    if error.is_final:
        _end(text, State.FAILED, error.code)
    else:
        Text.objects.filter(pk=text.pk).update(failure=error.code)


@transaction.atomic
def _note(receipt: Receipt) -> int:
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
        _end(text, State.FAILED, receipt.code)
    elif not text.parts.exclude(is_delivered=True).exists():
        _end(text, State.DELIVERED, "")
    else:
        return 0
    return 1


def _spellings(reference: str) -> list[str]:
    """Centres give a number in hexadecimal when they take a message, and in decimal in the receipt."""
    if not reference.isascii() or not reference.isdecimal():
        return [reference]
    return [reference, f"{int(reference):x}", f"{int(reference):X}", f"{int(reference):08x}", f"{int(reference):08X}"]


@transaction.atomic
def _end(text: Text, state: State, failure: str) -> None:
    Text.objects.filter(pk=text.pk).update(state=state, ended_at=now(), failure=failure)
    count_ended(text.carrier, is_delivered=state == State.DELIVERED)


def _end_expired() -> None:
    for text in Text.objects.filter(state=State.WAITING, expires_at__lte=now())[:MOST_AT_ONCE]:
        _end(text, State.FAILED, text.failure or "expired")
