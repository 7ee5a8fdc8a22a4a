"""The electronic card on a phone: its short-lived token, bound to the key of that phone, and the way to another phone.

Each bound token leaves a row of `card_binding`, the ledger of these tokens. Who calls has made sure who asks.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import transaction

from ksdb.audit.actions import record, record_deleted
from ksdb.cards.actions import activate_cards, issue_approved
from ksdb.cards.actions.replacing import replace_card
from ksdb.cards.keys import SigningKey, signing_key
from ksdb.cards.life import FOLLOWED, LIVE, PRINTABLE, EndedByWard, HolderGone, NotThisStatus, Reason
from ksdb.cards.models import Binding, Card, IssuerKey, Signature
from ksdb.cards.queries import current_issuer_key
from ksdb.cards.queries.gone import gone
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.electronic import bind_token
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Claims, Form, expiry
from ksdb.registry.queries import identities_of

BOUND_LIFE: Final = timedelta(days=14)
KEPT: Final = timedelta(days=60)
"""So long the row of a bound token is kept after the token ran out."""


class KeyUnreadable(KsdbError):
    """The phone sent a key that cannot be used. Close this page and open it again; if it stays, use another browser."""

    code = "device_key_unreadable"
    status = 422


class OnAnotherPhone(KsdbError):
    """This card is on another phone. You can bring it here; the other phone then shows it no more."""

    code = "on_another_phone"
    status = 409


@dataclass(frozen=True)
class Bound:
    """A card with its token for one phone. The token is given out here and not stored."""

    card: Card
    token: bytes
    expires_at: datetime


@transaction.atomic
def bind_card(scope: Scope, resident_id: int, point: bytes, *, takes_over: bool = False) -> Bound:
    """The resident's electronic card for the phone with this key; made, active, if there is none yet.

    Bound to another phone it raises OnAnotherPhone, unless this phone takes over: then the old card is revoked and a
    new one takes its place, so that the other phone is refused wherever the status list is known (decision 090).
    Raises KeyUnreadable, NotThisStatus for a card that is blocked, EndedByWard for one that an officer revoked (only
    the ward makes the next one then), HolderGone.
    """
    scope.require(Permission.CARDS_CARD_ISSUE)
    device = _device_key(point)
    cards = _cards_of(scope, resident_id)
    card = next((one for one in cards if one.resident_id == resident_id and _is_live(one)), None)
    if card is None:
        return _bound(scope, _new_card(scope, resident_id, cards), device, point)
    if card.status == CardStatus.ISSUED:
        activate_cards(scope, [card.pk])
        card.refresh_from_db()
    if card.status not in {CardStatus.ACTIVE, CardStatus.ATTENTION}:
        raise NotThisStatus
    last = Binding.objects.filter(card=card).order_by("-pk").first()
    if last is not None and bytes(last.device_point) != point:
        if not takes_over:
            raise OnAnotherPhone
        card = _replaced(scope, card)
    return _bound(scope, card, device, point)


def _device_key(point: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        raise KeyUnreadable from error


def _cards_of(scope: Scope, resident_id: int) -> list[Card]:
    """The person's electronic cards by all his records, locked, the newest first."""
    records = identities_of(scope, [resident_id])
    cards = Card.objects.select_for_update().filter(resident__in=records, form=Form.ELECTRONIC)
    return list(cards.order_by("-issued_at"))


def _is_live(card: Card) -> bool:
    return card.status in LIVE and card.expires_at > now()


def _new_card(scope: Scope, resident_id: int, cards: Sequence[Card]) -> Card:
    """A new one, active, where nobody has ended the last: else a stolen phone would fetch what was taken from it."""
    if gone(scope, [resident_id]):
        raise HolderGone
    last = max(cards, key=lambda card: (card.status_since, card.issued_at), default=None)
    if last and last.status not in PRINTABLE and not (last.status == CardStatus.REVOKED and last.reason in FOLLOWED):
        raise EndedByWard
    (issued,) = issue_approved(scope, [resident_id], Form.ELECTRONIC)
    activate_cards(scope, [issued.index])
    return Card.objects.get(pk=issued.index)


def _replaced(scope: Scope, card: Card) -> Card:
    new = replace_card(scope, card.pk, Reason.OTHER_PHONE)
    activate_cards(scope, [new.pk])
    new.refresh_from_db()
    return new


def _bound(scope: Scope, card: Card, device: ec.EllipticCurvePublicKey, point: bytes) -> Bound:
    at = now()
    until = min(at + BOUND_LIFE, card.expires_at)
    key = _key_for(scope, card)
    token = bind_token(Claims(card.pk, Form.ELECTRONIC, expiry(until)), key.kid, key.private_key, device)
    Binding.objects.create(
        card=card,
        device_point=point,
        kid=key.kid,
        token_sha256=hashlib.sha256(token).digest(),
        bound_at=at,
        expires_at=until,
    )
    record(scope, "cards:card:bind", subject=("resident", card.resident_id), detail={"card": card.pk})
    return Bound(card, token, until)


def _key_for(scope: Scope, card: Card) -> SigningKey:
    """The key that signed the card itself, while it signs: so one bad key stays one bad batch."""
    at = now()
    signed_by = Signature.objects.filter(card_index=card.pk).order_by("-pk").values("kid")[:1]
    signs = IssuerKey.objects.filter(closed_at=None, retired_at=None, not_after__gt=at + BOUND_LIFE)
    key = signs.filter(pk=signed_by).first() or current_issuer_key(scope)
    return signing_key(key.kid, bytes(key.public_key))


@transaction.atomic
def forget_bindings(scope: Scope) -> int:
    """Deletes the rows of bound tokens that ran out long ago; how many."""
    scope.require(Permission.CARDS_KEY_MANAGE)
    gone = Binding.objects.filter(expires_at__lt=now() - KEPT).delete()[0]
    return record_deleted(scope, "cards:binding:forget", gone)
