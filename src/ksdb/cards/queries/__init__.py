"""Reads of cards and issuer keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count

from ksdb.access.actions import spend_person_search, spend_persons
from ksdb.audit.actions import record, record_many
from ksdb.cards.life import CARDS_PER_KEY, LIVE, NoIssuerKey, card_expiry
from ksdb.cards.models import Card, IssuerKey
from ksdb.cards.queries.gone import gone
from ksdb.cards.trusting import trusted
from ksdb.core import token
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.ids import digits_of, is_card_number
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import covers, inside, within
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident
from ksdb.registry.queries import identities_of


class NumberMistyped(KsdbError):
    """This is not a card number. It has 12 digits: compare each with the card, and mind digits that changed places."""

    code = "number_mistyped"
    status = 422


@dataclass(frozen=True)
class KeyRoom:
    """A key that may sign, and how many cards it may still sign."""

    kid: int
    point: bytes
    room: int


@dataclass(frozen=True)
class HolderCards:
    """A resident and his or her cards, latest first."""

    holder: Resident
    cards: list[Card]


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", name), parameters)
        return list(cursor.fetchall())


def keys_with_room(scope: Scope, until: datetime) -> list[KeyRoom]:
    """Keys that may sign cards which expire at `until`, oldest first."""
    scope.require(Permission.CARDS_CARD_ISSUE)
    rows = _rows("keys_with_room", at=now(), until=until, most=CARDS_PER_KEY)
    return [KeyRoom(kid, bytes(point), room) for kid, point, room in rows if room > 0]


def current_issuer_key(scope: Scope) -> IssuerKey:
    """The key that signs the next card issued for the usual life. Raises NoIssuerKey."""
    rooms = keys_with_room(scope, card_expiry(now()))
    if not rooms:
        raise NoIssuerKey
    return IssuerKey.objects.get(pk=rooms[0].kid)


def trust_list(scope: Scope) -> dict[int, token.IssuerKey]:
    """Every issuer key by kid, for `core.token.check_token`; a retired one is valid until it was retired."""
    scope.require(Permission.CARDS_CARD_ISSUE)
    return {key.kid: trusted(key) for key in IssuerKey.objects.order_by("kid")}


def cards_of(scope: Scope, resident_id: int) -> HolderCards:
    """A resident of the jurisdiction with all cards. Audited. Raises NotFound."""
    condition = within(scope, Permission.REGISTRY_RESIDENT_READ)
    residents = Resident.objects.select_related("division__parent")
    holder = residents.filter(condition, pk=resident_id).first()
    if holder is None:
        raise NotFound
    record(scope, "cards:card:read", subject=("resident", resident_id), purpose=Purpose.CARD_SERVICE)
    records = [resident_id] if holder.merged_into_id else identities_of(scope, [resident_id])
    cards = Card.objects.filter(resident__in=records).select_related("replaces")
    return HolderCards(holder, list(cards.order_by("-issued_at", "-index")))


def card_by_number(scope: Scope, number: str, purpose: Purpose) -> Card:
    """The card with that printed number, typed with or without spaces. Audited, found or not, so that guessing shows.

    Raises NumberMistyped when the check digits say so, NotFound when no such card lies in the jurisdiction.
    """
    scope.require(Permission.REGISTRY_RESIDENT_READ)
    spend_person_search(scope)
    digits = digits_of(number)
    if not is_card_number(digits):
        raise NumberMistyped
    condition = within(scope, Permission.REGISTRY_RESIDENT_READ, "resident__division")
    spend_persons(scope, 1)
    card = Card.objects.filter(condition, number=digits).first()
    subject = ("resident", card.resident_id) if card else None
    record(scope, "cards:card:find", subject=subject, purpose=purpose, detail={"found": card is not None})
    if card is None:
        raise NotFound
    return card


def holder_by_number(scope: Scope, number: str, purpose: Purpose) -> int:
    """Whose card has that number: what the search for residents asks."""
    return int(card_by_number(scope, number, purpose).resident_id)


def cards_by_numbers(scope: Scope, numbers: Sequence[str], purpose: Purpose) -> list[Card]:
    """The cards of the jurisdiction with these printed numbers, by index. The look-up is audited."""
    condition = within(scope, Permission.CARDS_CARD_REVOKE, "resident__division")
    spend_persons(scope, len(numbers))
    found = list(Card.objects.filter(condition, number__in=numbers).select_related("resident").order_by("index"))
    detail = {"asked": len(numbers), "found": len(found)}
    record_many(scope, "cards:card:find", [("resident", card.resident_id) for card in found], purpose, detail)
    return found


def card_in_reach(scope: Scope, permission: Permission, index: int) -> Card:
    """A card whose holder lies where the permission was granted. Raises NotFound."""
    card = Card.objects.filter(within(scope, permission, "resident__division"), pk=index).first()
    if card is None:
        raise NotFound
    return card


def residents_without_card(scope: Scope, division_id: int) -> list[int]:
    """Ids of a division's residents without any live card, in walking order: group, household, name.

    Who died, moved away or is registered twice is not among them.
    """
    _require_division(scope, Permission.CARDS_CARD_ISSUE, division_id)
    rows = _rows("residents_without_card", division=division_id, live=_values(LIVE), at=now())
    found = [resident_id for (resident_id,) in rows]
    absent = gone(scope, found)
    return [resident_id for resident_id in found if resident_id not in absent]


def status_counts(scope: Scope, division_id: int) -> dict[CardStatus, int]:
    """How many cards of a division's residents are in each status."""
    _require_division(scope, Permission.COVERAGE_FIGURES_READ, division_id)
    cards = Card.objects.filter(**inside(division_id, "resident__division"))
    rows = cards.values("status").annotate(count=Count("index"))
    return {CardStatus(row["status"]): row["count"] for row in rows}


def _require_division(scope: Scope, permission: Permission, division_id: int) -> None:
    if not covers(scope, permission, division_id):
        raise NotFound


def _values(statuses: Iterable[CardStatus]) -> list[int]:
    return [int(status) for status in statuses]
