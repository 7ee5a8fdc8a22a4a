"""What notices there are, and how each stands."""

from enum import StrEnum


class Kind(StrEnum):
    """What somebody is told."""

    EXPOSURE = "exposure"
    CARD_LOST = "card_lost"
    CARD_ACTIVATED = "card_activated"
    CARD_KEPT = "card_kept"
    CARD_MOVED = "card_moved"
    DECIDED = "decided"
    TEST = "test"


class State(StrEnum):
    """Whether a notice went some way, or there was none."""

    WAITING = "waiting"
    TOLD = "told"
    UNREACHABLE = "unreachable"


class Channel(StrEnum):
    """The ways to a phone."""

    SMS = "sms"
    PUSH = "push"


class Way(StrEnum):
    """How far a notice came on one way."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
