"""The closed lists of the follow-up: statuses, reasons, symptoms, outcomes, kinds of events."""

from enum import StrEnum
from typing import Final

NOTE: Final = "follow_up_note"
"""What notes about contacts are sealed as."""


class Status(StrEnum):
    """How it stands with a contact."""

    TO_CALL = "to_call"
    REACHED = "reached"
    AT_HOME = "at_home"
    AT_CENTRE = "at_centre"
    REFUSED = "refused"
    NOT_FOUND = "not_found"
    CLOSED = "closed"


REACHED = frozenset({Status.REACHED, Status.AT_HOME, Status.AT_CENTRE, Status.REFUSED})
"""Somebody spoke with the person."""
WATCHED = frozenset({Status.REACHED, Status.AT_HOME, Status.AT_CENTRE})
"""An entry about symptoms is due each day."""


class Reason(StrEnum):
    """Why a call came to what it came to, or why a follow-up was closed."""

    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    NO_PHONE = "no_phone"
    SPOKE = "spoke"
    VISITED = "visited"
    AWAY = "away"
    MOVED = "moved"
    POSITIVE = "positive"
    FINISHED = "finished"
    NO_LONGER = "no_longer"
    DIED = "died"
    OTHER = "other"


CALL_REASONS = (
    Reason.SPOKE,
    Reason.VISITED,
    Reason.NO_ANSWER,
    Reason.WRONG_NUMBER,
    Reason.NO_PHONE,
    Reason.AWAY,
    Reason.MOVED,
    Reason.POSITIVE,
    Reason.OTHER,
)
CLOSE_REASONS = (Reason.FINISHED, Reason.NO_LONGER, Reason.MOVED, Reason.DIED, Reason.OTHER)
FAILED = frozenset({Reason.NO_ANSWER, Reason.WRONG_NUMBER, Reason.NO_PHONE})
"""Tried, and spoken with nobody: the person stays on today's list."""


class Symptom(StrEnum):
    """What a contact tells of a day."""

    FEVER = "fever"
    COUGH = "cough"
    SORE_THROAT = "sore_throat"
    BREATHLESS = "breathless"
    TIRED = "tired"
    LOSS_OF_SMELL = "loss_of_smell"
    DIARRHOEA = "diarrhoea"
    OTHER = "other"


class Outcome(StrEnum):
    """How a follow-up ended."""

    FINISHED = "finished"
    BECAME_CASE = "became_case"
    JOINED = "joined"
    ENDED = "ended"


class EventKind(StrEnum):
    """What a line of the history is about."""

    OPENED = "opened"
    CALL = "call"
    ASSIGNED = "assigned"
    EXPOSED_AGAIN = "exposed_again"
    NO_LONGER = "no_longer"
    AGAIN = "again"
    CLOSED = "closed"
    REOPENED = "reopened"


class Basis(StrEnum):
    """Why two cases are linked."""

    CONTACT = "contact"
    BY_HAND = "by_hand"
