"""What a holder does with the cards of the household: report one lost, have it back, order one, activate one."""

from typing import Final

import numpy as np
import zxingcpp
from django.db import transaction

from ksdb.access.actions import spend
from ksdb.access.limits import Limit
from ksdb.cards.actions import activate_cards, change_status, issue_approved
from ksdb.cards.actions.replacing import activate_by_token
from ksdb.cards.life import LIVE, HolderGone, NotThisStatus, Reason
from ksdb.cards.models import Card
from ksdb.cards.queries import NumberMistyped
from ksdb.cards.queries.gone import gone
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.ids import digits_of, is_card_number
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.notices.actions import make_notices
from ksdb.notices.kinds import Kind
from ksdb.wallet.queries import on_behalf

ORDERS: Final = Limit("card_orders", 4, 365 * 24 * 60 * 60)
ACTIVATIONS: Final = Limit("card_activations", 10, 60 * 60)
SHORTEST, LONGEST = 100, 1600
"""Of a picture's side, in points."""


class NoCodeSeen(KsdbError):
    """There is no card code in this picture. Lay the card flat, in good light, so that the code fills the picture."""

    code = "no_code_seen"
    status = 422


class NotYourCard(KsdbError):
    """This is no new card of the person chosen here. Choose whose card it is, or ask your ward."""

    code = "not_your_card"
    status = 409


def report_lost(scope: Scope, resident_id: int, index: int) -> None:
    """Blocks a card at once, wherever the status list is known. Raises NotFound, NotThisStatus."""
    card = _own(scope, resident_id, index)
    goal = CardStatus.REVOKED if card.status == CardStatus.ISSUED else CardStatus.SUSPENDED
    change_status(on_behalf(scope), index, goal, Reason.LOST)
    _tell(scope, Kind.CARD_LOST, card)


def _tell(scope: Scope, kind: Kind, card: Card) -> None:
    """Every phone of this person hears of it: whoever did it may not be who he says he is."""
    make_notices(scope, kind, f"card:{card.index}:{now():%Y%m%d%H%M}", {card.resident_id: {}})


def have_back(scope: Scope, resident_id: int, index: int) -> None:
    """A card that its holder had reported lost is good again. One that an officer blocked stays blocked."""
    card = _own(scope, resident_id, index)
    if card.reason != Reason.LOST:
        raise NotThisStatus
    change_status(on_behalf(scope), index, CardStatus.ACTIVE, Reason.FOUND)


def _own(scope: Scope, resident_id: int, index: int) -> Card:
    scope.require_own(resident_id)
    card = Card.objects.filter(pk=index, resident=resident_id, status__in=LIVE).first()
    if card is None:
        raise NotFound
    return card


@transaction.atomic
def order_card(scope: Scope, resident_id: int, form: Form) -> None:
    """A paper or plastic card that the ward prints: it waits in the ward's print queue, not activated.

    Raises HasLiveCard, HolderGone, TooManyAttempts: cards cost the ward money.
    """
    scope.require_own(resident_id)
    if form == Form.ELECTRONIC:
        raise NotThisStatus
    if gone(on_behalf(scope), [resident_id]):
        raise HolderGone
    issue_approved(on_behalf(scope), [resident_id], form)
    spend(scope, ORDERS, str(resident_id))


def activate_shown(scope: Scope, resident_id: int, light: bytes, width: int) -> Card:
    """Activates the card whose code is in the picture: a byte of brightness a point. Raises NoCodeSeen, NotYourCard."""
    scope.require_own(resident_id)
    spend(scope, ACTIVATIONS, str(resident_id))
    height = len(light) // width if SHORTEST <= width <= LONGEST else 0
    if not SHORTEST <= height <= LONGEST or len(light) != width * height:
        raise NoCodeSeen
    picture = np.frombuffer(light, np.uint8).reshape(height, width)
    texts = [
        found.text for found in zxingcpp.read_barcodes(picture, zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode))
    ]
    if not texts:
        raise NoCodeSeen
    try:
        card = activate_by_token(on_behalf(scope), resident_id, texts[0])
    except NotThisStatus as error:
        raise NotYourCard from error
    _tell(scope, Kind.CARD_ACTIVATED, card)
    return card


def activate_typed(scope: Scope, resident_id: int, number: str) -> Card:
    """Activates the card with that printed number. Raises NumberMistyped, NotYourCard."""
    scope.require_own(resident_id)
    spend(scope, ACTIVATIONS, str(resident_id))
    digits = digits_of(number)
    if not is_card_number(digits):
        raise NumberMistyped
    cards = Card.objects.filter(resident=resident_id, status=CardStatus.ISSUED, expires_at__gt=now())
    card = cards.filter(number=digits).exclude(form=Form.ELECTRONIC).first()
    if card is None:
        raise NotYourCard
    activate_cards(on_behalf(scope), [card.pk])
    _tell(scope, Kind.CARD_ACTIVATED, card)
    return card
