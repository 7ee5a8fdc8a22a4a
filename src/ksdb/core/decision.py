"""The closed list of scan results, and the one rule that chooses among them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, IntFlag

from ksdb.core.token import Claims, TokenFault


class CardStatus(IntEnum):
    """As stored and as the gateway remembers it; 0 is "no such card"."""

    UNKNOWN = 0
    ISSUED = 1
    ACTIVE = 2
    SUSPENDED = 3
    REVOKED = 4
    EXPIRED = 5
    ATTENTION = 6


class ScanResult(IntEnum):
    """The outcome of one scan. Below 20 the scan is a visit; from 20 it is refused, and kept as a refusal."""

    ACCEPTED = 1
    UNVERIFIED = 2
    ATTENTION = 3
    UNREADABLE = 20
    NOT_OURS = 21
    UNKNOWN_KEY = 22
    KEY_NOT_VALID = 23
    BAD_SIGNATURE = 24
    EXPIRED = 25
    REVOKED = 26
    SUSPENDED = 27
    UNKNOWN_NUMBER = 28
    FROM_FUTURE = 30
    TOO_OLD = 31

    @property
    def code(self) -> str:
        return self.name.lower()

    @property
    def is_visit(self) -> bool:
        return self < ScanResult.UNREADABLE


class Mark(IntFlag):
    """How a scan came about, kept with the visit; a visit may have several."""

    TYPED = 1
    FOREIGN = 2
    CLOCK_CORRECTED = 4


class ForeignKind(IntEnum):
    """Codes of other systems that a scanner reads; of each it keeps a keyed hash of the number in it, nothing else."""

    QD1405 = 1
    CHIP_ID = 2
    HEALTH_INSURANCE = 3
    HC1 = 4
    VNEID = 5

    @property
    def code(self) -> str:
        return self.name.lower()


class Flag(IntEnum):
    """What is odd about a visit, found after it was stored. It stands beside the visit and never hides it."""

    OUTSIDE_HOURS = 1
    TOO_FAST = 2
    TWO_PLACES = 3
    BURST = 4
    PHOTO_ALBUM = 5

    @property
    def code(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Window:
    """Between which instants a scan may lie to be believed: `[earliest, latest]`."""

    earliest: datetime
    latest: datetime

    @classmethod
    def at(cls, received_at: datetime, retention: timedelta, tolerance: timedelta) -> "Window":
        return cls(received_at - retention, received_at + tolerance)


_FAULTS = {fault: ScanResult[fault.name] for fault in TokenFault}
_BY_STATUS = {
    CardStatus.UNKNOWN: ScanResult.UNVERIFIED,
    CardStatus.ISSUED: ScanResult.UNVERIFIED,
    CardStatus.ACTIVE: ScanResult.ACCEPTED,
    CardStatus.SUSPENDED: ScanResult.SUSPENDED,
    CardStatus.REVOKED: ScanResult.REVOKED,
    CardStatus.EXPIRED: ScanResult.EXPIRED,
    CardStatus.ATTENTION: ScanResult.ATTENTION,
}


def decide(read: Claims | TokenFault, status: CardStatus, scanned_at: datetime, window: Window) -> ScanResult:
    """What a scan comes to.

    `status` is the card's status at `scanned_at`: a card revoked after the scan, and before its late upload, was good.
    A token that cannot be trusted says so before its time does, so that a forgery is never filed as a clock problem.
    """
    if isinstance(read, TokenFault):
        return _FAULTS[read]
    if scanned_at > window.latest:
        return ScanResult.FROM_FUTURE
    if scanned_at < window.earliest:
        return ScanResult.TOO_OLD
    return _BY_STATUS[status]
