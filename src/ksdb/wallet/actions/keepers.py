"""A phone stops keeping somebody's card: the resident or the ward takes it off, as when a number went to a stranger."""

from django.db import transaction

from ksdb.audit.actions import record
from ksdb.cards.actions import change_status
from ksdb.cards.life import LIVE, Reason
from ksdb.cards.models import Binding, Card
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.token import Form
from ksdb.wallet.models import Holding
from ksdb.wallet.queries import Mine, on_behalf
from ksdb.wallet.queries.keepers import is_own_phone, kept_resident
from ksdb.wallet.queries.mine import own_records


class NotYourOwn(KsdbError):
    """Only the phone that keeps the card as its holder's own takes it off others. Ask your ward to do it."""

    code = "not_your_own"
    status = 409


@transaction.atomic
def take_off(scope: Scope, mine: Mine, resident_id: int, holding_id: int) -> None:
    """Another phone keeps this resident's card no more. Raises NotFound, NotYourOwn."""
    records = own_records(scope, resident_id)
    if not is_own_phone(scope, mine.holder.pk, resident_id):
        raise NotYourOwn
    others = Holding.objects.exclude(holder=mine.holder)
    holding = others.filter(pk=holding_id, resident__in=records, until=None).first()
    _end(scope, holding)


@transaction.atomic
def take_off_by_ward(scope: Scope, resident_id: int, holding_id: int) -> None:
    """The ward ends it, after it looked at the papers of whoever asked. Raises NotFound."""
    scope.require(Permission.WALLET_CLAIM_DECIDE)
    resident = kept_resident(scope, resident_id)
    _end(scope, Holding.objects.filter(pk=holding_id, resident=resident, until=None).first())


def _end(scope: Scope, holding: Holding | None) -> None:
    if holding is None:
        raise NotFound
    Holding.objects.filter(pk=holding.pk).update(until=now())
    detail = {"holder": holding.holder_id, "holding": holding.pk}
    purpose = Purpose.CORRECTION if scope.actor_id else ""
    record(scope, "wallet:holding:end", ("resident", holding.resident_id), purpose, detail)
    _cut_off(scope, holding)


def _cut_off(scope: Scope, holding: Holding) -> None:
    """The electronic card that is on a phone of that holder ends; whoever keeps the card still has a new one made."""
    points = holding.holder.phones.exclude(device_point=None).values_list("device_point", flat=True)
    kept = {bytes(point) for point in points if point is not None}
    cards = Card.objects.filter(resident=holding.resident_id, form=Form.ELECTRONIC, status__in=LIVE)
    for card in cards:
        last = Binding.objects.filter(card=card).order_by("-pk").first()
        if last is not None and bytes(last.device_point) in kept:
            change_status(on_behalf(scope), card.pk, CardStatus.REVOKED, Reason.LOST)
