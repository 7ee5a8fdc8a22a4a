"""What the pages call forms, statuses and reasons, and how a status is coloured."""

from django.utils.translation import gettext_lazy as _

from ksdb.cards.life import Reason
from ksdb.core.decision import CardStatus
from ksdb.core.token import Form

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
}

BATCH_STATUS_LABELS = {
    "queued": _("Waiting"),
    "running": _("Being drawn"),
    "done": _("Ready"),
    "failed": _("Failed"),
}
BATCH_STATUS_KINDS = {"queued": "neutral", "running": "info", "done": "good", "failed": "bad"}
