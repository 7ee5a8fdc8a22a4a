"""Sends short messages, and lets somebody prove by six digits that a number is theirs."""

import secrets
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.db import connection, transaction
from django.utils.translation import gettext
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from ksdb.access.actions import give_back, spend
from ksdb.access.limits import Limit, TooManyAttempts
from ksdb.access.sealing import sealer
from ksdb.audit.actions import record, record_deleted
from ksdb.config import settings
from ksdb.core.addresses import network_of
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed
from ksdb.core.scope import Scope
from ksdb.postgres.named import sql
from ksdb.sms.carriers import ON_SCREEN, carrier_name
from ksdb.sms.carriers.carrying import parts_of
from ksdb.sms.counting import count_taken
from ksdb.sms.models import Tally, Text
from ksdb.sms.proof import BODY, CODE_SECONDS, NUMBERS, PHONE, PROVEN_SECONDS, Proof, begun, keep, kept

KEPT = timedelta(days=1)
CARRY = "ksdb.sms.jobs.carry"
"""The job that carries, by name: it stands above this file."""
TALLY_KEPT = timedelta(days=30)
Kind = Tally.Kind
MOST_NUMBERS = 3
"""To so many numbers one session may have codes sent in an hour: somebody mistypes his own."""
NUMBERS_SECONDS = 60 * 60

BY_NUMBER = Limit("sms_by_number", 3, 60 * 60)
TRIES = Limit("sms_code_tries", 5, 60 * 60)


def _by_address() -> Limit:
    """Codes an hour to one network: a ward's hall and a whole carrier stand behind one address."""
    return Limit("sms_by_address", settings().sms_an_address, 60 * 60)


class NoCarrier(KsdbError):
    """Messages to phones cannot be sent from here at present. Please go to the office of your ward or commune."""

    code = "no_carrier"
    status = 503


class TooManyNumbers(KsdbError):
    """Codes were sent from this browser to several numbers already. Wait an hour, or go to the office of your ward."""

    code = "too_many_numbers"
    status = 429


class CodeWrong(KsdbError):
    """This is not the code that was sent, or ten minutes have passed. Type it again, or have a new one sent."""

    code = "phone_code_wrong"
    status = 422


@transaction.atomic
def send_text(scope: Scope, phone: str, body: str, life: timedelta = KEPT, *, hurries: bool = True) -> int:
    """Puts a message into the outbox, sealed; its number. The carrier is tried again until `life` is over.

    What does not hurry waits for the minute's job. Raises NoCarrier.
    """
    name = carrier_name()
    if not name:
        raise NoCarrier
    is_shown = name == ON_SCREEN
    text = Text.objects.create(
        phone_sealed=sealer().seal(PHONE, phone),
        body_sealed=sealer().seal(BODY, body),
        made_at=now(),
        expires_at=now() + life,
        next_at=now(),
        sent_at=now() if is_shown else None,
        state=Text.State.SENT if is_shown else Text.State.WAITING,
        carrier=name,
        segments=len(parts_of(body).bodies),
    )
    record(scope, "sms:text:send", subject=("text", text.pk))
    if is_shown:
        count_taken(text.carrier, text.segments)
    elif hurries:
        transaction.on_commit(_carry_soon)
    return int(text.pk)


def _carry_soon() -> None:
    """One job for all that wait. It is asked for when they can be seen: the one that waits already takes them along."""
    with suppress(AlreadyEnqueued), transaction.atomic():
        app.configure_task(CARRY, queue="sms", lock="sms", queueing_lock=CARRY).defer()


def send_code(scope: Scope, session: SessionBase, phone: str, *, goes_out: bool = True) -> None:
    """Sends six digits to the number that the session is bound to from now on.

    Limits count for the session, the address, the number and all together, in this order: whoever has reached his own
    limit takes nothing from the owner of a number, and what is refused takes nothing from all. When it does not go
    out, everything else happens all the same.
    """
    if not carrier_name():
        raise NoCarrier
    try:
        _bind(session, phone)
    except TooManyNumbers:
        _count(Kind.BY_SESSION)
        raise
    _spend(scope, _by_address(), network_of(scope.address), Kind.BY_ADDRESS)
    _spend(scope, BY_NUMBER, phone, Kind.BY_NUMBER)
    try:
        _spend(scope, Limit("sms_of_all", settings().sms_an_hour, 60 * 60), "", Kind.OF_ALL)
    except TooManyAttempts:
        give_back(scope, BY_NUMBER, phone)
        raise
    code = f"{secrets.randbelow(10**6):06d}" if goes_out else ""
    keep(session, begun(phone, code))
    if goes_out:
        body = gettext("Your ksdb code is %(code)s. Tell it to nobody.") % {"code": code}
        _count(Kind.SENT)
        send_text(scope, phone, body, timedelta(seconds=CODE_SECONDS))


def _spend(scope: Scope, limit: Limit, key: str, kind: Tally.Kind) -> None:
    try:
        spend(scope, limit, key)
    except TooManyAttempts:
        _count(kind)
        raise


def _count(kind: Tally.Kind) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.sms", "count_one"), {"at": now(), "kind": kind.value})


def _bind(session: SessionBase, phone: str) -> None:
    """The numbers of the last hour, each with the second in which it was asked for first."""
    at = int(now().timestamp())
    kept: dict[str, int] = session.get(NUMBERS) or {}
    numbers = {number: since for number, since in kept.items() if at - since < NUMBERS_SECONDS}
    numbers.setdefault(sealer().match_key(PHONE, phone).hex(), at)
    if len(numbers) > MOST_NUMBERS:
        raise TooManyNumbers
    session[NUMBERS] = numbers


def check_code(scope: Scope, session: SessionBase, code: str, *, ends: bool = False) -> str:
    """The number, now proven for half an hour. Raises CodeWrong; after five tries TooManyAttempts.

    Where the session `ends`, the caller uses at once what is proven, and nothing of it is kept.
    """
    proof = kept(session)
    if proof is None or proof.is_proven:
        raise CodeWrong
    _spend(scope, TRIES, proof.number, Kind.GUESSING)
    if not proof.fits(code.strip()):
        _count(Kind.WRONG)
        raise CodeWrong
    _count(Kind.RIGHT)
    if ends:
        session.flush()
    else:
        session.cycle_key()
        keep(session, _proven(proof))
    return proof.phone


def _proven(proof: Proof) -> Proof:
    return replace(proof, is_proven=True, code="", until=int(now().timestamp()) + PROVEN_SECONDS)


@transaction.atomic
def forget_texts(scope: Scope) -> int:
    """Deletes what went out more than a day ago; how many."""
    if not scope.is_system:
        raise NotAllowed
    Tally.objects.filter(hour__lt=now() - TALLY_KEPT).delete()
    count = Text.objects.filter(made_at__lt=now() - KEPT).delete()[1].get("sms.Text", 0)
    return record_deleted(scope, "sms:text:forget", count)
