"""What the pages call forms, statuses and reasons, and how a status is coloured."""

from django.utils.translation import gettext_lazy as _

from ksdb.cards.life import KeyState, Reason
from ksdb.core.decision import CardStatus
from ksdb.core.token import Form, Usage

FORM_LABELS = {Form.ELECTRONIC: _("Electronic"), Form.PAPER: _("Paper"), Form.PLASTIC: _("Plastic")}

STATUS_LABELS = {
    CardStatus.UNKNOWN: _("Unknown"),
    CardStatus.ISSUED: _("Not activated"),
    CardStatus.ACTIVE: _("In use"),
    CardStatus.SUSPENDED: _("Suspended"),
    CardStatus.REVOKED: _("Revoked"),
    CardStatus.EXPIRED: _("Expired"),
    CardStatus.ATTENTION: _("Ask the ward"),
}
STATUS_KINDS = {
    CardStatus.ACTIVE: "good",
    CardStatus.ISSUED: "info",
    CardStatus.SUSPENDED: "warning",
    CardStatus.ATTENTION: "warning",
    CardStatus.REVOKED: "bad",
}

REASON_LABELS = {
    Reason.LOST: _("Lost"),
    Reason.STOLEN: _("Stolen"),
    Reason.DAMAGED: _("Damaged"),
    Reason.MISPRINTED: _("Misprinted"),
    Reason.WRONG_DATA: _("Wrong data on the card"),
    Reason.EXPIRING: _("Expires soon"),
    Reason.MOVED_AWAY: _("Moved away"),
    Reason.DIED: _("Died"),
    Reason.FOUND: _("Found again"),
    Reason.OVERRIDE: _("Set by two persons"),
    Reason.KEY_RETIRED: _("The key that signed it is believed no more"),
    Reason.OTHER_PHONE: _("The card went to another phone"),
}

USAGE_LABELS = {Usage.CARD: _("Card codes"), Usage.STATUS: _("Status lists")}
KEY_STATE_LABELS = {
    KeyState.SIGNS: _("Signs"),
    KeyState.WAITS: _("Waits for the trust list"),
    KeyState.FULL: _("Full"),
    KeyState.CLOSED: _("Signs no more"),
    KeyState.ENDED: _("Past its time"),
    KeyState.RETIRED: _("Retired"),
}
KEY_STATE_KINDS = {
    KeyState.SIGNS: "good",
    KeyState.WAITS: "warning",
    KeyState.FULL: "info",
    KeyState.CLOSED: "neutral",
    KeyState.ENDED: "neutral",
    KeyState.RETIRED: "bad",
}
FINDING_LABELS = {
    "card_unsigned": _("Cards without a signature in the ledger"),
    "signed_no_card": _("Signatures for cards that do not exist"),
    "key_unknown": _("Signatures of a key that is none of ours"),
    "key_not_valid": _("Signatures made before a key was valid, or after it was closed"),
    "key_overdrawn": _("A key signed more cards than it may"),
    "signed_twice": _("Cards with two different signatures"),
    "bound_key_not_valid": _("Codes of phones bound by a key that was not valid"),
    "printed_unsigned": _("Printed cards without a signature"),
    "not_this_key": _("Signatures that differ when they are made again"),
    "bound_not_this_key": _("Codes of phones that differ when they are made again"),
    "key_file_missing": _("Signatures that cannot be made again: the file of their key is not here"),
    "in_two_jobs": _("Cards that stand in two print jobs"),
    "sheets_differ": _("Files of prints that hold another number of cards than was noted"),
    "print_file_altered": _("Files of prints that were changed after they were drawn"),
    "print_file_missing": _("Files of prints that are gone before they were printed"),
}

BATCH_STATUS_LABELS = {
    "queued": _("Waiting"),
    "running": _("Being drawn"),
    "done": _("Ready to print"),
    "failed": _("Stopped"),
    "printed": _("Printed"),
    "cancelled": _("Cancelled"),
}
BATCH_STATUS_KINDS = {
    "queued": "neutral",
    "running": "info",
    "done": "warning",
    "failed": "bad",
    "printed": "good",
    "cancelled": "neutral",
}

LAYOUT_LABELS = {
    "a4-2x4": _("A4, 8 cards, fronts only"),
    "a4-2x4-duplex": _("A4, 8 cards, both sides"),
    "a4-2x5": _("A4, 10 cards edge to edge, fronts only"),
    "a4-2x5-duplex": _("A4, 10 cards edge to edge, both sides"),
    "large": _("A4, 3 large cards for people who see badly"),
    "letter": _("A letter to each household, with its cards"),
    "single": _("One card, to be folded"),
    "home": _("One card to print at home, with instructions"),
    "cr80": _("Plastic card printer (CR80), a page a side"),
}
LAYOUTS_OF_MANY = ("a4-2x4", "a4-2x4-duplex", "a4-2x5", "a4-2x5-duplex", "large", "letter", "cr80")
LAYOUTS_OF_ONE = ("single", "large", "home", "cr80")

FAULT_TEXTS = {
    "print_disk_full": _("The disk for prints is full. Ask the administrator to make room, then draw the rest."),
    "not_in_ledger": _("A card's token differs from the one in the ledger. Tell the administrator at once."),
    "print_unreadable": _("A code on a drawn sheet cannot be read. Tell the administrator at once."),
    "key_file_missing": _("The signing key of these cards is not on this machine. Tell the administrator."),
}
