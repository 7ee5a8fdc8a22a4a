"""Closed lists: why somebody has no active card, which of these take one out of the count; what a list is for."""

from enum import StrEnum
from typing import Final


class Reason(StrEnum):
    """What was said at the door."""

    DIED = "died"
    DUPLICATE = "duplicate"
    MOVED = "moved"
    NO_PHONE = "no_phone"
    REFUSES = "refuses"
    STUDIES_ELSEWHERE = "studies_elsewhere"
    WORKS_AWAY = "works_away"


class Occasion(StrEnum):
    """What a group's list is taken along for."""

    CHECK = "check"
    DOORS = "doors"
    MEETING = "meeting"


OUT_OF_COUNT: Final = frozenset(
    {Reason.DIED, Reason.DUPLICATE, Reason.MOVED, Reason.STUDIES_ELSEWHERE, Reason.WORKS_AWAY}
)
"""Who is not here cannot be given a card here: out of the denominator. Who refuses, or needs a paper card, stays in."""

NO_CARD: Final = frozenset({Reason.DIED, Reason.DUPLICATE, Reason.MOVED})
"""For these nobody makes a card unasked. Who works away or studies elsewhere comes home and needs one."""
