"""Reads of a card's life: replacements within a year, cards that end soon."""

from django.db.models import F, QuerySet

from ksdb.cards.life import EXPIRING_SOON, LIVE, REPLACEMENT_YEAR
from ksdb.cards.models import Card
from ksdb.core.clock import now
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import within


def replacements_of(scope: Scope, resident_id: int) -> list[Card]:
    """The cards of a person that replaced another within a year, latest first; neither a renewal at its time counts,
    nor a move to another phone.
    """
    scope.require(Permission.CARDS_CARD_ISSUE)
    since = now() - REPLACEMENT_YEAR
    found = Card.objects.filter(resident=resident_id, replaces__isnull=False, issued_at__gt=since)
    return list(found.exclude(replaces__reason__in=["expiring", "other_phone"]).order_by("-issued_at", "-index"))


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
