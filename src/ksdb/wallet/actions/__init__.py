"""Writes of holders and phones: signing in, choosing a member of the household, signing out."""

import hashlib
import secrets
from datetime import timedelta

from django.db import transaction

from ksdb.access.sealing import sealer
from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Scope
from ksdb.notices.actions import forget_subscriptions, make_notices
from ksdb.notices.kinds import Kind
from ksdb.notices.queries import reach_of
from ksdb.wallet.models import Holder, Holding, Phone
from ksdb.wallet.numbers import number_of
from ksdb.wallet.queries import WALLET_PHONE, Mine, is_known_elsewhere, on_behalf
from ksdb.wallet.queries.held import END_DIGITS

SEEN_EVERY = timedelta(hours=1)
MOST_PHONES = 5
"""A holder may be signed in on so many; with one more the longest unused is signed out."""


@transaction.atomic
def sign_in_phone(scope: Scope, number: str, language: str = "vi") -> str:
    """Makes a session of its own for whoever proved to hold the number; the secret of its cookie, once.

    The caller has seen the number proven.
    """
    if scope.actor_id is not None:
        raise NotAllowed
    at, token = now(), secrets.token_urlsafe(32)
    holder, _ = Holder.objects.get_or_create(
        phone_key=sealer().match_key(WALLET_PHONE, number),
        defaults={"phone_sealed": sealer().seal(WALLET_PHONE, number), "language": language, "created_at": at},
    )
    _end_phones(scope, holder, leaving=MOST_PHONES - 1)
    digest = hashlib.sha256(token.encode()).digest()
    phone = Phone.objects.create(holder=holder, token_sha256=digest, began_at=at, seen_at=at)
    record(scope, "wallet:phone:sign_in", subject=("holder", holder.pk), detail={"phone": phone.pk})
    return token


def _end_phones(scope: Scope, holder: Holder, leaving: int) -> None:
    kept = Phone.objects.filter(holder=holder, ended_at=None).order_by("-seen_at", "-id")
    over = [phone.pk for phone in kept[leaving:]]
    Phone.objects.filter(pk__in=over).update(ended_at=now())
    forget_subscriptions(on_behalf(scope), over)


def sign_out_phone(scope: Scope, mine: Mine) -> None:
    """Ends this phone's session, and its pushes. What it keeps of its cards, the page forgets."""
    Phone.objects.filter(pk=mine.phone.pk, ended_at=None).update(ended_at=now())
    forget_subscriptions(scope, [mine.phone.pk])
    record(scope, "wallet:phone:sign_out", subject=("holder", mine.holder.pk), detail={"phone": mine.phone.pk})


def mark_phone_seen(scope: Scope, mine: Mine) -> None:
    """Once an hour at most: a look at a page is no write."""
    at = now()
    if not scope.is_system and at - mine.phone.seen_at > SEEN_EVERY:
        Phone.objects.filter(pk=mine.phone.pk).update(seen_at=at)


def choose_member(scope: Scope, mine: Mine, resident_id: int) -> None:
    """From now on the phone shows the pages of this member of the household. Raises NotFound for anybody else."""
    scope.require_own(resident_id)
    holding = next((one for one in mine.holdings if one.resident_id == resident_id), None)
    if holding is None:
        raise NotFound
    Phone.objects.filter(pk=mine.phone.pk).update(chosen=holding)


def keep_resident(
    scope: Scope, holder: Holder, resident_id: int, relation: Holding.Relation, evidence: Holding.Evidence
) -> Holding:
    """The holder keeps this resident's card from now on. The caller has made sure that he may."""
    own = Holding.objects.filter(holder=holder, relation=Holding.Relation.SELF, until=None).first()
    answers = relation in {Holding.Relation.CHILD, Holding.Relation.WARD}
    holding, is_new = Holding.objects.get_or_create(
        holder=holder,
        resident_id=resident_id,
        until=None,
        defaults={
            "relation": relation,
            "guardian_id": own.resident_id if own and answers else None,
            "evidence": evidence,
            "since": now(),
        },
    )
    if is_new:
        detail = {"holder": holder.pk, "relation": relation, "evidence": evidence}
        record(scope, "wallet:holding:begin", subject=("resident", resident_id), detail=detail)
        _tell_others(scope, holder, holding)
    return holding


def _tell_others(scope: Scope, holder: Holder, holding: Holding) -> None:
    """Whoever has the card, or the number in the registry, learns of one more; a phone alone needs no message."""
    if not is_known_elsewhere(scope, holder, holding.resident_id):
        return
    number = number_of(holder.phone_sealed)
    if reach_of(on_behalf(scope), holding.resident_id).phones - {number}:
        facts = {holding.resident_id: {"phone": number[-END_DIGITS:]}}
        make_notices(scope, Kind.CARD_KEPT, f"holding:{holding.pk}", facts)


def let_go(scope: Scope, mine: Mine, resident_id: int) -> None:
    """The holder no longer keeps this resident's card."""
    scope.require_own(resident_id)
    Holding.objects.filter(holder=mine.holder, resident_id=resident_id, until=None).update(until=now())
    record(scope, "wallet:holding:end", subject=("resident", resident_id), detail={"holder": mine.holder.pk})
