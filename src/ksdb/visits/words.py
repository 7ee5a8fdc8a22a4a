"""The words for the results of scans, for what is odd about visits, and for disputes of them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.core.decision import Flag, ForeignKind, Mark, ScanResult
from ksdb.visits.disputing import Raiser, Reason

RESULT_LABELS: dict[ScanResult, str | Promise] = {
    ScanResult.ACCEPTED: _("accepted"),
    ScanResult.UNVERIFIED: _("taken, card not known yet"),
    ScanResult.ATTENTION: _("taken, the ward wants to see the person"),
    ScanResult.UNREADABLE: _("code not readable"),
    ScanResult.NOT_OURS: _("not a code of ours"),
    ScanResult.UNKNOWN_KEY: _("signed by nobody we know"),
    ScanResult.KEY_NOT_VALID: _("signed at the wrong time"),
    ScanResult.BAD_SIGNATURE: _("forged"),
    ScanResult.EXPIRED: _("card expired"),
    ScanResult.REVOKED: _("card revoked"),
    ScanResult.SUSPENDED: _("card suspended"),
    ScanResult.UNKNOWN_NUMBER: _("no card has this number"),
    ScanResult.FROM_FUTURE: _("from the future: look at the device's clock"),
    ScanResult.TOO_OLD: _("older than what is kept"),
}

FLAG_LABELS: dict[Flag, str | Promise] = {
    Flag.OUTSIDE_HOURS: _("outside the opening hours: correct them, or look who scans then"),
    Flag.TOO_FAST: _("the person was elsewhere just before, too far away"),
    Flag.TWO_PLACES: _("the same card at two places within two minutes"),
    Flag.BURST: _("more scans in a minute than people can pass"),
    Flag.PHOTO_ALBUM: _("codes scanned off one another too fast, as from photographs"),
}

MARK_LABELS: dict[Mark, str | Promise] = {
    Mark.TYPED: _("the number was typed"),
    Mark.FOREIGN: _("another system's code"),
    Mark.CLOCK_CORRECTED: _("the device's clock was wrong and was corrected"),
}

REASON_LABELS: dict[Reason, str | Promise] = {
    Reason.NOT_ME: _("It was not I: somebody else has used my card"),
    Reason.NOT_THERE: _("I was not at this place"),
    Reason.WRONG_TIME: _("I was there at another time"),
    Reason.CARD_LENT: _("I had lent or lost my card"),
    Reason.OTHER: _("Something else"),
}
"""As the person says it."""

RAISER_LABELS: dict[Raiser, str | Promise] = {
    Raiser.RESIDENT: _("the resident"),
    Raiser.STAFF: _("staff, on the resident's word"),
}

FOREIGN_LABELS: dict[ForeignKind, str | Promise] = {
    ForeignKind.QD1405: _("personal QR code of 2021"),
    ForeignKind.CHIP_ID: _("chip ID card"),
    ForeignKind.HEALTH_INSURANCE: _("health insurance card"),
    ForeignKind.HC1: _("health certificate (HC1)"),
    ForeignKind.VNEID: _("VNeID"),
}
