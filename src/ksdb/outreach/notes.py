"""What is noted at a door, as a form or a phone sends it, and what is answered."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

import msgspec

from ksdb.core.clock import from_ms, now
from ksdb.core.errors import KsdbError
from ksdb.outreach.reasons import Reason

MOST_NOTES: Final = 100
OLDEST: Final = timedelta(days=3)
"""A phone that was out of reach for longer, or whose clock is wrong: the day of arrival counts."""

Number = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


class NoteKind(StrEnum):
    """What was done at the door."""

    HAND_OVER = "hand_over"
    REASON = "reason"
    VISITED = "visited"
    WITHDRAW = "withdraw"


class Outcome(StrEnum):
    """What became of a note. A conflict is decided by a person: then it is kept or dropped."""

    CONFLICT = "conflict"
    DONE = "done"
    DROPPED = "dropped"
    KEPT = "kept"
    REFUSED = "refused"


class Note(msgspec.Struct, frozen=True):
    """One act at a door. `seen` is what stood there for the helper: the number of the reason, and the card's state.

    `card` is what was scanned or typed: the 12 digits of a card number, or a token.
    """

    key: UUID
    kind: NoteKind
    group: Number
    household: Number = 0
    resident: Number = 0
    reason: Reason | None = None
    card: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    seen_reason: Annotated[int, msgspec.Meta(ge=0, lt=2**62)] = 0
    seen_card: Annotated[str, msgspec.Meta(max_length=10)] = ""
    done_ms: Annotated[int, msgspec.Meta(ge=0, lt=2**53)] = 0

    def done_at(self) -> datetime:
        """When it was noted, if the helper's clock can be believed; else now."""
        at = now()
        try:
            said = from_ms(self.done_ms)
        except (OverflowError, ValueError):
            return at
        return said if at - OLDEST <= said <= at else at


class Notes(msgspec.Struct, frozen=True):
    """What a phone sends at once."""

    notes: Annotated[list[Note], msgspec.Meta(max_length=MOST_NOTES)]


class Theirs(msgspec.Struct, frozen=True):
    """What somebody else did meanwhile: a reason noted or taken back, or a card activated."""

    what: str
    by: str
    at: str


class Answer(msgspec.Struct, frozen=True):
    """What became of a note, in a code and in words, and how the person stands now."""

    key: UUID
    outcome: Outcome
    note: int
    message: str
    code: str = ""
    mine: str = ""
    theirs: Theirs | None = None
    person: "PersonState | None" = None


class PersonState(msgspec.Struct, frozen=True):
    """How a person stands: the card, and the reason that stands with its number."""

    resident: int
    card: str
    reason: str
    reason_id: int


class NotesUnreadable(KsdbError):
    """These notes are not in the form that the list sends. Load the page again; what you noted stays on the phone."""

    code = "notes_unreadable"
    status = 422


def notes_in(body: bytes) -> list[Note]:
    """The notes of a request's body. Raises NotesUnreadable."""
    try:
        return msgspec.json.decode(body, type=Notes).notes
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotesUnreadable from None
