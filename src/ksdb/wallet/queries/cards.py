"""Reads of the cards of a household, as their holder sees them. His own looks are not audited."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from ksdb.cards.life import LIVE
from ksdb.cards.models import Binding, Card
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.wallet.models import Holding
from ksdb.wallet.queries import Mine


@dataclass(frozen=True)
class Electronic:
    """A member of the household with the electronic card: where it is, and whether it is good."""

    holding: Holding
    card: Card | None
    is_here: bool
    is_elsewhere: bool

    @property
    def is_blocked(self) -> bool:
        """A card that the ward wants to see is shown all the same: the scanner sends its holder there."""
        return self.card is not None and self.card.status == CardStatus.SUSPENDED


def electronic_cards(scope: Scope, mine: Mine) -> list[Electronic]:
    """Each member of the household, in order. One query more."""
    newest = Binding.objects.filter(card=OuterRef("pk")).order_by("-pk")
    cards = Card.objects.filter(
        resident__in=scope.own, form=Form.ELECTRONIC, status__in=LIVE, expires_at__gt=now()
    ).annotate(point=Subquery(newest.values("device_point")[:1]))
    found = {card.resident_id: card for card in cards.order_by("issued_at", "index")}
    return [_electronic(one, found.get(one.resident_id), mine.phone.device_point) for one in mine.holdings]


def _electronic(holding: Holding, card: Card | None, point: bytes | memoryview | None) -> Electronic:
    bound = getattr(card, "point", None)
    is_here = bound is not None and point is not None and bytes(bound) == bytes(point)
    return Electronic(holding, card, is_here, is_elsewhere=bound is not None and not is_here)


def own_cards(scope: Scope, resident_id: int) -> Sequence[Card]:
    """The cards of a resident of the holder's that are not ended, the newest first."""
    scope.require_own(resident_id)
    cards = Card.objects.filter(resident=resident_id, status__in=LIVE, expires_at__gt=now())
    return list(cards.order_by("-issued_at", "-index"))
