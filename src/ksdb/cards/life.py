"""The life of a card: which status may follow which, why, and the errors of those who ask for more."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from ksdb.core.clock import day_bounds, day_of, now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import KsdbError

INDEX_CAPACITY: Final = 2**22
"""Indexes are drawn below this: one status list covers them, and neighbours in a household get distant ones."""
CARDS_PER_KEY: Final = 100_000
"""One bad key means one bad batch, no more."""
KEY_LIFE: Final = timedelta(days=3 * 365)
KEY_MARGIN: Final = timedelta(days=1)
"""A new key is valid from this long before now, so that a scanner whose clock is behind believes it."""
CARD_LIFE: Final = timedelta(days=2 * 365)

PRINTABLE: Final = frozenset({CardStatus.ISSUED, CardStatus.ACTIVE})
LIVE: Final = frozenset({CardStatus.ISSUED, CardStatus.ACTIVE, CardStatus.SUSPENDED, CardStatus.ATTENTION})
"""A resident has at most one card of a form in these."""

# ATTENTION is missing as a goal: it derives from evidence and is never set by hand.
ALLOWED: Final = {
    CardStatus.ISSUED: frozenset({CardStatus.ACTIVE, CardStatus.REVOKED}),
    CardStatus.ACTIVE: frozenset({CardStatus.SUSPENDED, CardStatus.REVOKED}),
    CardStatus.SUSPENDED: frozenset({CardStatus.ACTIVE, CardStatus.REVOKED}),
    CardStatus.ATTENTION: frozenset({CardStatus.REVOKED}),
}


def card_expiry(issued_at: datetime) -> datetime:
    """When a card issued then expires: at the start of a civil day, so that nothing in a token tells the minute."""
    return day_bounds(day_of(issued_at + CARD_LIFE))[0]


def shown_status(status: CardStatus, expires_at: datetime) -> CardStatus:
    """What a desk is told: a card past its time is expired, whatever it was; a revoked one stays revoked."""
    is_over = expires_at <= now() and status != CardStatus.REVOKED
    return CardStatus.EXPIRED if is_over else status


class Reason(StrEnum):
    """Why a status was changed."""

    LOST = "lost"
    STOLEN = "stolen"
    DAMAGED = "damaged"
    MISPRINTED = "misprinted"
    WRONG_DATA = "wrong_data"
    EXPIRING = "expiring"
    MOVED_AWAY = "moved_away"
    DIED = "died"
    FOUND = "found"
    OVERRIDE = "override"
    KEY_RETIRED = "key_retired"
    OTHER_PHONE = "other_phone"


REASONS: Final = {
    CardStatus.SUSPENDED: (Reason.LOST, Reason.STOLEN, Reason.MOVED_AWAY),
    CardStatus.REVOKED: (
        Reason.LOST,
        Reason.STOLEN,
        Reason.DAMAGED,
        Reason.MISPRINTED,
        Reason.WRONG_DATA,
        Reason.MOVED_AWAY,
        Reason.DIED,
    ),
    CardStatus.ACTIVE: (Reason.FOUND,),
}
"""The reasons that make sense for each goal of a change by hand."""

REPLACING: Final = (
    Reason.LOST,
    Reason.STOLEN,
    Reason.DAMAGED,
    Reason.MISPRINTED,
    Reason.WRONG_DATA,
    Reason.EXPIRING,
)
"""Why a card is replaced by a new one. A correction of identity is a new card too: the old one tells a wrong name."""
MOVED: Final = (Reason.OTHER_PHONE,)
"""Why an electronic card is replaced though nothing is wrong with it: it went to another phone."""
ENDING: Final = (Reason.MOVED_AWAY, Reason.DIED)
"""Why all cards of a person end."""
FOLLOWED: Final = frozenset({Reason.EXPIRING, Reason.KEY_RETIRED, Reason.OTHER_PHONE})
"""After these ends the holder's phone may ask for a new electronic card itself; after any other, the ward is asked."""
TRIED_AGAIN: Final = frozenset({"print_disk_full", "key_file_missing"})
"""Faults of a print job that go away by themselves once their reason is gone: its drawing is tried again."""
OFTEN_REPLACED: Final = 3
"""So many replacements within a year are shown to the officer and to the auditor."""
REPLACEMENT_YEAR: Final = timedelta(days=365)
EXPIRING_SOON: Final = timedelta(days=60)

REASON_NUMBERS: Final = {
    Reason.LOST: 1,
    Reason.STOLEN: 2,
    Reason.DAMAGED: 3,
    Reason.WRONG_DATA: 4,
    Reason.MOVED_AWAY: 5,
    Reason.DIED: 6,
    Reason.MISPRINTED: 7,
}
"""The reasons of a revocation as an act that waits for a second person keeps them: in numbers."""


def out_of_order(status: CardStatus) -> list[CardStatus]:
    """The statuses that a card can be brought to only against its usual life, by two persons."""
    usual = ALLOWED.get(status, frozenset()) | {status}
    return [goal for goal in (CardStatus.ACTIVE, CardStatus.SUSPENDED) if goal not in usual]


class KeyState(StrEnum):
    """What a key is doing."""

    SIGNS = "signs"
    WAITS = "waits for the trust list"
    FULL = "full"
    CLOSED = "signs no more"
    ENDED = "past its time"
    RETIRED = "retired"


class HasLiveCard(KsdbError):
    """Somebody on this list already has a card of this form. Revoke the old card before you issue a new one."""

    code = "has_live_card"
    status = 409


class NotThisStatus(KsdbError):
    """The card's status does not allow this any more. Load the page again and look at the card's status."""

    code = "card_status"
    status = 409


class HolderGone(KsdbError):
    """The ward has noted that this person died or moved away. If that is wrong, go to the ward with your papers."""

    code = "holder_gone"
    status = 409


class EndedByWard(KsdbError):
    """The ward has ended this electronic card. Go there with your papers: you get a new one, and it comes here."""

    code = "ended_by_ward"
    status = 409


class NoIssuerKey(KsdbError):
    """There is no signing key with room for these cards, or it is not in the signed trust list yet.

    Ask the administrator: `ksdb keys list` says which, and the runbook what to do.
    """

    code = "no_issuer_key"
    status = 503


class NothingToPrint(KsdbError):
    """There is no card of this form to print here. Issue cards first, or choose another division."""

    code = "nothing_to_print"
    status = 409


class NotInLedger(KsdbError):
    """A card's token differs from the one in the ledger, so it was not printed. Tell the administrator at once."""

    code = "not_in_ledger"
    status = 500


class NobodyWithoutCard(KsdbError):
    """Everybody registered there has a card already. There is nothing to issue."""

    code = "nobody_without_card"
    status = 409


class CardsSpread(KsdbError):
    """These cards belong to people of several jurisdictions. Revoke those of one division at a time."""

    code = "cards_spread"
    status = 409


class AlreadyReplaced(KsdbError):
    """A new card was issued for this one already. Load the page again: the new one stands above it."""

    code = "already_replaced"
    status = 409
