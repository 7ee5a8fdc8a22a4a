"""Reads of a card's life: replacements within a year, cards that end soon."""

from datetime import datetime
from typing import Final

from django.db.models import F, QuerySet

from ksdb.audit.queries import written_about
from ksdb.cards.life import EXPIRING_SOON, LIVE, REPLACEMENT_YEAR
from ksdb.cards.models import Card
from ksdb.cards.queries import HolderCards
from ksdb.core.clock import now
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Form
from ksdb.places.queries import within
from ksdb.registry.queries import identities_of

SHOWN_ON_CARDS: Final = frozenset({"full_name", "birth_year"})
"""What a correction changes that is printed on a card. The commune may change: a card is not exchanged for a move."""


def replacements_of(scope: Scope, resident_id: int) -> list[Card]:
    """The cards of a person, on any of his records, that replaced another within a year, latest first.

    Neither a renewal at its time counts, nor a move to another phone.
    """
    scope.require(Permission.CARDS_CARD_ISSUE)
    since = now() - REPLACEMENT_YEAR
    records = identities_of(scope, [resident_id])
    found = Card.objects.filter(resident__in=records, replaces__isnull=False, issued_at__gt=since)
    return list(found.exclude(replaces__reason__in=["expiring", "other_phone"]).order_by("-issued_at", "-index"))


def outdated_cards(scope: Scope, holder: HolderCards) -> dict[int, datetime]:
    """Printed cards that still work and were issued before a correction of the name or year on them, with its time.

    Asks the trail of the person's records: one index scan.
    """
    scope.require(Permission.CARDS_CARD_ISSUE)
    printed = [card for card in holder.cards if card.form != Form.ELECTRONIC and card.status in LIVE]
    if not printed:
        return {}
    records = identities_of(scope, [holder.holder.pk])
    corrections = [at for at, detail in written_about(scope, ("resident", records), Permission.REGISTRY_RESIDENT_WRITE)
                   if SHOWN_ON_CARDS & set(detail.get("changed", ()))]  # fmt: skip
    last = max(corrections, default=None)
    return {card.pk: last for card in printed if last and card.issued_at < last and card.expires_at > now()}


def expiring_cards(scope: Scope) -> QuerySet[Card]:
    """Cards in use of the jurisdiction that expire soon, with their holders, the first to expire first."""
    at = now()
    found = Card.objects.filter(
        within(scope, Permission.CARDS_CARD_ISSUE, "resident__division"),
        status__in=LIVE,
        expires_at__gt=at,
        expires_at__lte=at + EXPIRING_SOON,
    )
    return found.select_related("resident__division").order_by("expires_at", F("resident__sort_key"), "index")
