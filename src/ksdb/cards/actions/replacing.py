"""A new card for an old one, and the end of all cards of a person: the resident and the history stay."""

from datetime import datetime

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.cards.actions import issue_approved, token_sha256
from ksdb.cards.life import (
    ENDING,
    LIVE,
    MOVED,
    OFTEN_REPLACED,
    REPLACING,
    AlreadyReplaced,
    HasLiveCard,
    NotThisStatus,
    Reason,
)
from ksdb.cards.models import Card, Signature
from ksdb.cards.queries.life import replacements_of
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Form, TokenFault, read_token
from ksdb.places.queries import covers


@transaction.atomic
def replace_card(scope: Scope, index: int, reason: Reason) -> Card:
    """A new card of the same form for a card's resident; the old one is revoked, the new one names it.

    A card that was revoked before is replaced too, once. The new card starts not activated. From the third replacement
    within a year the trail says so. Raises NotFound, NotThisStatus, AlreadyReplaced, HasLiveCard, NoIssuerKey.
    """
    if reason not in (*REPLACING, *MOVED):
        raise NotThisStatus
    old = _locked(scope, index)
    if Card.objects.filter(replaces=old).exists():
        raise AlreadyReplaced
    if CardStatus(old.status) in LIVE:
        _revoke(old, reason, now())
    elif _has_other(old):
        raise HasLiveCard
    (issued,) = issue_approved(scope, [old.resident_id], Form(old.form))
    new = Card.objects.get(pk=issued.index)
    new.replaces = old
    new.save(update_fields=["replaces"])
    _tell(scope, old, new, reason)
    return new


def _has_other(old: Card) -> bool:
    return Card.objects.filter(resident=old.resident_id, form=old.form, status__in=LIVE, expires_at__gt=now()).exists()


def _tell(scope: Scope, old: Card, new: Card, reason: Reason) -> None:
    subject = ("resident", old.resident_id)
    count = len(replacements_of(scope, old.resident_id))
    detail = {"old": old.pk, "new": new.pk, "reason": reason, "within_a_year": count}
    record(scope, "cards:card:replace", subject=subject, detail=detail)
    if count >= OFTEN_REPLACED:
        record(scope, "cards:card:often_replaced", subject=subject, detail={"within_a_year": count})


def _locked(scope: Scope, index: int) -> Card:
    """The card, if both its end and a new one are in this person's hands. Raises NotFound."""
    found = Card.objects.select_for_update(of=("self",)).select_related("resident").filter(pk=index).first()
    needed = (Permission.CARDS_CARD_REVOKE, Permission.CARDS_CARD_ISSUE)
    if found is None or not all(covers(scope, one, found.resident.division_id) for one in needed):
        raise NotFound
    return found


def _revoke(card: Card, reason: Reason, at: datetime) -> None:
    card.status, card.reason, card.status_since = CardStatus.REVOKED, reason, at
    card.save(update_fields=["status", "reason", "status_since"])


@transaction.atomic
def end_cards(scope: Scope, resident_id: int, reason: Reason) -> int:
    """Revokes every card of a person who died or moved away; returns how many. Raises NotFound, NotThisStatus."""
    if reason not in ENDING:
        raise NotThisStatus
    cards = Card.objects.select_for_update(of=("self",)).select_related("resident")
    found = list(cards.filter(resident=resident_id, status__in=LIVE).order_by("index"))
    if not found or not covers(scope, Permission.CARDS_CARD_REVOKE, found[0].resident.division_id):
        raise NotFound
    at = now()
    for card in found:
        _revoke(card, reason, at)
    detail = {"cards": [card.pk for card in found], "reason": reason}
    record(scope, "cards:card:end", subject=("resident", resident_id), detail=detail)
    return len(found)


@transaction.atomic
def activate_by_token(scope: Scope, resident_id: int, token: str) -> Card:
    """A resident activates a card by showing its code: it must be this resident's own, issued and unexpired.

    The code proves possession, not the person: whoever calls has made sure who the resident is. Raises NotThisStatus.
    """
    shown = read_token(token.strip())
    index = 0 if isinstance(shown, TokenFault) else shown.claims.card_index
    cards = Card.objects.select_for_update().filter(resident=resident_id, status=CardStatus.ISSUED)
    card = cards.filter(pk=index, expires_at__gt=now()).first()
    line = Signature.objects.filter(card_index=index, token_sha256=token_sha256(token.strip()))
    if card is None or not line.exists():
        raise NotThisStatus
    at = now()
    card.status, card.status_since, card.activated_at = CardStatus.ACTIVE, at, at
    card.save(update_fields=["status", "status_since", "activated_at"])
    record(scope, "cards:card:activate", subject=("resident", resident_id), detail={"count": 1, "by": "resident"})
    return card
