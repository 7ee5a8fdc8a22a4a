"""The figures of a day: how many messages a carrier took, in how many parts, at what price; nobody stands in them."""

from django.db import connection

from ksdb.config import settings
from ksdb.core.clock import today
from ksdb.postgres.named import sql

NOTHING = dict.fromkeys(("texts", "segments", "cost", "delivered", "failed"), 0)


def count_taken(carrier: str, segments: int) -> None:
    """A message was taken, in so many parts."""
    _count_up(carrier, texts=1, segments=segments, cost=segments * settings().sms_cost)


def count_ended(carrier: str, *, is_delivered: bool) -> None:
    """A message arrived, or never will."""
    _count_up(carrier, delivered=int(is_delivered), failed=int(not is_delivered))


def _count_up(carrier: str, **figures: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.sms", "count_up"), {"on": today(), "carrier": carrier, **NOTHING, **figures})
