"""Who has died or moved away: as the end of the last card says, and as the rooms above have heard it."""

from collections.abc import Callable, Collection
from typing import Any

from django.db import connection

from ksdb.cards.life import ENDING
from ksdb.core.decision import CardStatus
from ksdb.core.scope import Permission, Scope
from ksdb.postgres.named import sql

GONE_FINDERS: list[Callable[[Scope, Collection[int]], set[int]]] = []
"""Who of these residents needs no card, as a room above this one knows it. That room puts it here."""


def gone(scope: Scope, resident_ids: Collection[int]) -> set[int]:
    """Those of the residents who died, moved away or are registered twice: nobody makes a card for them unasked.

    One index probe a resident, and one query of each room that knows more.
    """
    scope.require(Permission.CARDS_CARD_ISSUE)
    found = _ended(resident_ids)
    for finder in GONE_FINDERS:
        found |= finder(scope, resident_ids)
    return found


def _ended(resident_ids: Collection[int]) -> set[int]:
    parameters: dict[str, Any] = {
        "residents": list(resident_ids),
        "revoked": int(CardStatus.REVOKED),
        "ending": list(ENDING),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "ended_people"), parameters)
        return {resident_id for (resident_id,) in cursor.fetchall()}
