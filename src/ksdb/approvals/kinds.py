"""Which acts need two persons, from how many on, and how the rooms above say that they carry them out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission, Scope

ACT_LIFE: Final = timedelta(hours=72)
"""An act that nobody decided by then is over, and has to be asked for again."""

Payload = Mapping[str, int | list[int]]
"""What an act is about: numbers alone, so that no name and no ID number lies about in it."""


class Kind(StrEnum):
    """The acts that need two persons."""

    BULK_ISSUE = "bulk_issue"
    BULK_REVOKE = "bulk_revoke"
    DAY_DELETE = "day_delete"
    FOLLOWUP_EXPORT = "followup_export"
    POINT_EXPORT = "point_export"
    STATUS_OVERRIDE = "status_override"
    TRACE_EXPORT = "trace_export"
    WARD_EXPORT = "ward_export"


MOST_ALONE: Final[Mapping[Kind, int]] = {
    Kind.BULK_ISSUE: 50,
    Kind.BULK_REVOKE: 10,
    Kind.DAY_DELETE: 0,
    Kind.FOLLOWUP_EXPORT: 500,
    Kind.POINT_EXPORT: 500,
    Kind.STATUS_OVERRIDE: 0,
    Kind.TRACE_EXPORT: 500,
    Kind.WARD_EXPORT: 500,
}
"""How many cards, people or days one person may act on alone."""


ADDED_UP: Final = frozenset({Kind.BULK_ISSUE, Kind.BULK_REVOKE})
"""Of these, what one person did alone in several lists within ALONE_SPAN counts together. Single cards do not count."""
ALONE_SPAN: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Errand:
    """An approved act as the one who carries it out sees it."""

    act_id: int
    payload: Payload
    reason: str

    def number(self, name: str) -> int:
        """One number of the payload."""
        return number_of(self.payload, name)

    def numbers(self, name: str) -> list[int]:
        """A list of the payload."""
        value = self.payload[name]
        return value if isinstance(value, list) else [value]


def number_of(payload: Payload, name: str) -> int:
    """One number of a payload. Raises PayloadNotNumbers where there is a list."""
    value = payload[name]
    if isinstance(value, list):
        raise PayloadNotNumbers(name)
    return value


@dataclass(frozen=True)
class Carrier:
    """What the room above says of a kind: who may ask and decide, how it is done, and how it is told.

    `carry_out` is given the asker's own scope as it is that day; it runs in the deciding transaction, or in a job when
    `is_long`. `page` is where the approver sees what it is about, `result_page` where the asker finds what came of it.
    """

    permission: Permission
    carry_out: Callable[[Scope, Errand], Payload]
    described: Callable[[Payload], str]
    page: Callable[[Payload], str]
    result_page: Callable[[int], str] | None = None
    is_long: bool = False


CARRIERS: dict[Kind, Carrier] = {}
"""Filled by the rooms above when Django is ready."""


class SecondPersonNeeded(KsdbError):
    """This is too much for one person to do alone. Ask for it with a reason; somebody of another unit decides."""

    code = "second_person_needed"
    status = 409


class PayloadNotNumbers(KsdbError):
    """An act can be about numbers only. Tell the administrator the code below."""

    code = "payload_not_numbers"


class AlreadyAsked(KsdbError):
    """You have asked for exactly this, and nobody has decided yet. Look under Approvals."""

    code = "already_asked"
    status = 409


class AlreadyDecided(KsdbError):
    """Somebody has decided this already, or it was withdrawn. Load the page again to see how it went."""

    code = "already_decided"
    status = 409


class ActExpired(KsdbError):
    """Nobody decided within 72 hours, so this is over. If it is still wanted, it has to be asked for again."""

    code = "act_expired"
    status = 409


class OwnAct(KsdbError):
    """You asked for this yourself. Another person, of another unit, must decide."""

    code = "own_act"
    status = 403


class SameUnit(KsdbError):
    """You and the person who asked work for the same unit. Somebody of another unit must decide."""

    code = "same_unit"
    status = 403


class UnitMissing(KsdbError):
    """It is not known which unit you or the other person works for. An administrator writes it at the account."""

    code = "unit_missing"
    status = 409


class AskerGone(KsdbError):
    """The person who asked for this does not have the right to it any more. Refuse it."""

    code = "asker_gone"
    status = 409
