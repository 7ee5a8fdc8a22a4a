"""What can go wrong at a door, said so that whoever stands there knows what to do."""

from ksdb.cards.life import NotThisStatus
from ksdb.cards.queries import NumberMistyped
from ksdb.core.errors import KsdbError, NotFound


class CardNotHere(KsdbError):
    """No card with this number belongs to your area. Keep the card back, and ask the ward where it belongs."""

    code = "card_not_here"
    status = 422


class CardOfOthers(KsdbError):
    """This card belongs to somebody of another household. Do not hand it over here; look for the right one."""

    code = "card_of_others"
    status = 409


class CardNotWaiting(KsdbError):
    """This card is active already, or no longer valid. If the person holds another card, scan that one."""

    code = "card_not_waiting"
    status = 409


class CardForged(KsdbError):
    """This is not a good code of a card. Scan it again; if it fails again, keep the card and tell the ward at once."""

    code = "card_forged"
    status = 422


class CardGone(KsdbError):
    """The card has expired or its key is no longer valid. Order a new card for this person."""

    code = "card_gone"
    status = 409


class OccasionMissing(KsdbError):
    """Choose what the list is for. It stands in the audit trail."""

    code = "occasion_missing"
    status = 422


class NothingNoted(KsdbError):
    """The note lacks its reason, its person or its household. Open the list again and choose once more."""

    code = "nothing_noted"
    status = 422


class NoteDecided(KsdbError):
    """Somebody has decided this already. Load the list again to see what stands now."""

    code = "note_decided"
    status = 409


class HelperUnknown(KsdbError):
    """This account may not note at the doors of this group. Ask the administrator for the right, then assign again."""

    code = "helper_unknown"
    status = 422


REFUSED = (
    NumberMistyped,
    CardNotHere,
    CardOfOthers,
    CardNotWaiting,
    CardForged,
    CardGone,
    NothingNoted,
    NotThisStatus,
    NotFound,
)
"""What a note can be refused for; the answer says it, and the same note sent again is told the same."""

SENTENCES = {fault.code: fault.sentence() for fault in REFUSED}
