"""Acts on cards that need two persons: many at once, and against the usual life of a card."""

from collections.abc import Collection, Sequence

from django.db import transaction

from ksdb.approvals.actions import request_act, require_second_person
from ksdb.approvals.kinds import Errand, Kind, Payload
from ksdb.approvals.models import Act
from ksdb.audit.actions import record
from ksdb.cards.actions import MOST_PER_BATCH, issue_approved
from ksdb.cards.life import (
    ALLOWED,
    LIVE,
    REASON_NUMBERS,
    CardsSpread,
    HasLiveCard,
    NobodyWithoutCard,
    NotThisStatus,
    Reason,
    out_of_order,
)
from ksdb.cards.models import Card
from ksdb.cards.queries import card_in_reach, residents_without_card
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Form
from ksdb.places.queries import covers, granted_over, within

_REASONS = {number: reason for reason, number in REASON_NUMBERS.items()}


def ask_issue(scope: Scope, division_id: int, form: Form, reason: str) -> Act:
    """Asks for cards for all residents of a division who have none, at most 2,000. Raises NobodyWithoutCard."""
    count = min(len(residents_without_card(scope, division_id)), MOST_PER_BATCH)
    if not count:
        raise NobodyWithoutCard
    payload = {"count": count, "division": division_id, "form": int(form)}
    return request_act(scope, Kind.BULK_ISSUE, division_id, payload, reason)


def carry_out_issue(scope: Scope, errand: Errand) -> Payload:
    """Issues as many cards as were asked for, to those who have none by now."""
    division_id, count = errand.number("division"), errand.number("count")
    resident_ids = residents_without_card(scope, division_id)[:count]
    return {"count": len(issue_approved(scope, resident_ids, Form(errand.number("form"))))}


@transaction.atomic
def revoke_cards(scope: Scope, indexes: Collection[int], reason: Reason) -> int:
    """Revokes cards for good, all or none; returns how many. Raises SecondPersonNeeded when there are more than 10.

    Raises NotFound when one lies outside the jurisdiction, NotThisStatus where one is revoked already.
    """
    require_second_person(scope, Kind.BULK_REVOKE, len(set(indexes)))
    return _revoked(scope, sorted(set(indexes)), reason)


def ask_revoke(scope: Scope, indexes: Collection[int], reason: Reason, why: str) -> Act:
    """Asks for the revocation of many cards of one jurisdiction. Raises NotFound, CardsSpread."""
    wanted = sorted(set(indexes))
    condition = within(scope, Permission.CARDS_CARD_REVOKE, "resident__division")
    homes = list(Card.objects.filter(condition, pk__in=wanted).values_list("resident__division", flat=True))
    if len(homes) != len(wanted):
        raise NotFound
    division_id = granted_over(scope, Permission.CARDS_CARD_REVOKE, set(homes))
    if division_id is None:
        raise CardsSpread
    payload: Payload = {"count": len(wanted), "cards": wanted, "reason": REASON_NUMBERS[reason]}
    return request_act(scope, Kind.BULK_REVOKE, division_id, payload, why)


def carry_out_revoke(scope: Scope, errand: Errand) -> Payload:
    """Revokes the cards that were asked for, all or none."""
    return {"count": _revoked(scope, errand.numbers("cards"), _REASONS[errand.number("reason")])}


@transaction.atomic
def _revoked(scope: Scope, indexes: Sequence[int], reason: Reason) -> int:
    condition = within(scope, Permission.CARDS_CARD_REVOKE, "resident__division")
    # In the order of their indexes, so that two who revoke the same cards wait and do not block each other.
    cards = Card.objects.select_for_update(of=("self",)).filter(condition, pk__in=indexes).order_by("index")
    found = list(cards)
    if len(found) != len(indexes):
        raise NotFound
    if any(CardStatus.REVOKED not in ALLOWED.get(CardStatus(card.status), ()) for card in found):
        raise NotThisStatus
    for card in found:
        _set(scope, card, CardStatus.REVOKED, reason)
    return len(found)


def ask_override(scope: Scope, index: int, status: CardStatus, reason: str) -> Act:
    """Asks that a card be set to a status that its usual life does not allow. Raises NotFound, NotThisStatus."""
    card = card_in_reach(scope, Permission.CARDS_CARD_OVERRIDE, index)
    if status not in out_of_order(CardStatus(card.status)):
        raise NotThisStatus
    payload = {"count": 1, "card": index, "resident": card.resident_id, "status": int(status)}
    return request_act(scope, Kind.STATUS_OVERRIDE, card.resident.division_id, payload, reason)


@transaction.atomic
def carry_out_override(scope: Scope, errand: Errand) -> Payload:
    """Sets the status. Raises NotThisStatus when the usual way has opened, HasLiveCard beside another live card."""
    card = Card.objects.select_for_update(of=("self",)).select_related("resident").get(pk=errand.number("card"))
    if not covers(scope, Permission.CARDS_CARD_OVERRIDE, card.resident.division_id):
        raise NotFound
    status = CardStatus(errand.number("status"))
    if status not in out_of_order(CardStatus(card.status)):
        raise NotThisStatus
    others = Card.objects.filter(resident=card.resident_id, form=card.form, status__in=LIVE, expires_at__gt=now())
    if others.exclude(pk=card.pk).exists():
        raise HasLiveCard
    _set(scope, card, status, Reason.OVERRIDE)
    return {"count": 1}


def _set(scope: Scope, card: Card, status: CardStatus, reason: Reason) -> None:
    before = CardStatus(card.status)
    card.status, card.reason, card.status_since = status, reason, now()
    card.save(update_fields=["status", "reason", "status_since"])
    detail = {"card": card.pk, "from": before.name.lower(), "to": status.name.lower(), "reason": reason}
    record(scope, Permission.CARDS_CARD_REVOKE, subject=("resident", card.resident_id), detail=detail)
