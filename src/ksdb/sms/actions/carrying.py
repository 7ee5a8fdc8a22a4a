"""Hands what waits to the carrier, takes its receipts, and counts what it cost."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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
LISTEN_SECONDS = 5.0
"""How long the minute's run listens for receipts; a centre keeps later ones until we are back a minute later."""

State = Text.State
Answer = tuple[str, ...] | NotTaken | LineDown


def carry_texts(scope: Scope, listens: float = LISTEN_SECONDS) -> int:
    """Messages that are due go out, those that end soonest first, and receipts come in; how many were taken.

    A run in a hurry listens for nothing: who waits for a code would wait for the receipts of others. A process that
    dies between the carrier's answer and ours sends that one message again: twice is better than never.
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
            while count < MOST_AT_ONCE and (texts := _claimed(line.at_once)):
                count += _carry(line, texts)
            if _awaited().exists():
                note_receipts(scope, line.receipts(listens))
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
def _claimed(most: int) -> list[Text]:
    """The next ones, whose next try is put off before this one is made."""
    texts = list(_due().select_for_update(skip_locked=True).order_by("expires_at", "id")[:most])
    for text in texts:
        text.attempts += 1
        text.next_at = now() + min(timedelta(seconds=30) * 2 ** min(text.attempts - 1, 10), LONGEST_WAIT)
    Text.objects.bulk_update(texts, ["attempts", "next_at"])
    return texts


def _carry(line: Line, texts: Sequence[Text]) -> int:
    """How many the carrier took, side by side where it lets us. Raises LineDown once all is written down."""
    if len(texts) == 1:
        answers = [_submitted(line, texts[0])]
    else:
        with ThreadPoolExecutor(len(texts)) as hands:
            answers = list(hands.map(lambda text: _submitted(line, text), texts))
    count = sum(_settled(text, answer) for text, answer in zip(texts, answers, strict=True))
    for answer in answers:
        if isinstance(answer, LineDown):
            raise answer
    return count


def _submitted(line: Line, text: Text) -> Answer:
    """The numbers of its parts, or why it was not taken."""
    phone, body = opened(PHONE, bytes(text.phone_sealed)), opened(BODY, bytes(text.body_sealed))
    try:
        return line.submit(phone, body)
    except (NotTaken, LineDown) as error:
        return error


def _settled(text: Text, answer: Answer) -> int:
    """One where the carrier took it; what did not reach it waits for its next try."""
    if isinstance(answer, LineDown):
        return 0
    if isinstance(answer, NotTaken):
        _refused(text, answer)
        return 0
    with transaction.atomic():
        text.state, text.sent_at, text.failure = State.SENT, now(), ""
        text.save(update_fields=["state", "sent_at", "failure"])
        Part.objects.bulk_create(Part(text=text, reference=reference[:80]) for reference in answer if reference)
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
