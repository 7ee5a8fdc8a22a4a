"""Reads of duplicates: the queue, one pair side by side, and what was merged. Each person shown is audited."""

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet

from ksdb.audit.actions import record_many
from ksdb.cards.models import Card
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.duplicates.models import Merge, Pair, Search
from ksdb.places.queries import within
from ksdb.registry.models import Resident
from ksdb.registry.queries import ResidentSheet, claimed_number, masked_numbers

DECIDE = Permission.DUPLICATES_PAIR_DECIDE
PAGE_PAIRS = 25
"""Two persons each: fifty a page."""


class Side(NamedTuple):
    """One record of a pair: the record, its numbers masked, and its cards, latest first."""

    sheet: ResidentSheet
    cards: Sequence[Card]


class PairSheet(msgspec.Struct, frozen=True):
    """A pair side by side, with the merge that stands, and the next pair that waits."""

    pair: Pair
    sides: tuple[Side, Side]
    merge: Merge | None
    next_id: int | None


def pairs(scope: Scope, status: Pair.Status = Pair.Status.WAITING) -> QuerySet[Pair]:
    """Pairs both of whose records lie in the jurisdiction, the likeliest first; of those that wait, none merged."""
    condition = within(scope, DECIDE, "first__division") & within(scope, DECIDE, "second__division")
    if status == Pair.Status.WAITING:
        condition &= Q(first__merged_into=None, second__merged_into=None)
    found = Pair.objects.filter(condition, status=status)
    order = ("-score", "pk") if status == Pair.Status.WAITING else ("-decided_at", "-pk")
    return found.select_related(*(f"{one}__{what}" for one in ("first", "second") for what in _SHOWN)).order_by(*order)


_SHOWN = ("division__parent", "household")


def queue(scope: Scope, status: Pair.Status = Pair.Status.WAITING, page: str | int | None = 1) -> Page[Pair]:
    """A page of the pairs of that status; everybody on it is audited as read."""
    shown = Paginator(pairs(scope, status), PAGE_PAIRS).get_page(page)
    people = dict.fromkeys(one for pair in shown for one in (pair.first_id, pair.second_id))
    record_many(scope, "duplicates:queue:read", [("resident", one) for one in people], Purpose.CORRECTION)
    return shown


def counts(scope: Scope) -> dict[str, int]:
    """How many pairs of the jurisdiction are in each status."""
    return {status.value: pairs(scope, status).count() for status in Pair.Status}


def pair_of(scope: Scope, pair_id: int) -> Pair:
    """Raises NotFound unless both records lie in the jurisdiction."""
    condition = within(scope, DECIDE, "first__division") & within(scope, DECIDE, "second__division")
    found = Pair.objects.filter(condition, pk=pair_id)
    shown = found.select_related(*(f"{one}__{what}" for one in ("first", "second") for what in _SHOWN)).first()
    if shown is None:
        raise NotFound
    return shown


def pair_sheet(scope: Scope, pair_id: int) -> PairSheet:
    """Both records with their cards. Both persons are audited as read."""
    pair = pair_of(scope, pair_id)
    subjects = [("resident", pair.first_id), ("resident", pair.second_id)]
    record_many(scope, "duplicates:pair:read", subjects, Purpose.CORRECTION, {"pair": pair.pk})
    waiting = pairs(scope).exclude(pk=pair_id).values_list("pk", flat=True)
    sides = (_side(scope, pair.first), _side(scope, pair.second))
    return PairSheet(pair, sides, standing_merge(scope, pair), waiting.first())


def _side(scope: Scope, resident: Resident) -> Side:
    cards = Card.objects.filter(resident=resident).order_by("-issued_at", "-index")
    claimed = claimed_number(scope, resident)
    return Side(ResidentSheet(resident, [], *masked_numbers(scope, resident), None, claimed), list(cards))


def standing_merge(scope: Scope, pair: Pair) -> Merge | None:
    scope.require(DECIDE)
    return Merge.objects.filter(pair=pair, undone_at=None).first()


def latest_search(scope: Scope) -> Search | None:
    scope.require(DECIDE)
    return Search.objects.first()
