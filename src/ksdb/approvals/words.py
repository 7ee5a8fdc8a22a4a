"""What the pages call kinds and statuses of acts, and how a status is coloured."""

from django.utils.translation import gettext_lazy as _

from ksdb.approvals.kinds import Kind

KIND_LABELS = {
    Kind.BULK_ISSUE: _("Issue many cards"),
    Kind.BULK_REVOKE: _("Revoke many cards"),
    Kind.DAY_DELETE: _("Delete a day before its time"),
    Kind.FOLLOWUP_EXPORT: _("Take out a long list of contacts to follow"),
    Kind.STATUS_OVERRIDE: _("Set a card's status out of order"),
    Kind.POINT_EXPORT: _("Take out a long list of who was at a place"),
    Kind.WARD_EXPORT: _("Take out a long list of a ward"),
    Kind.TRACE_EXPORT: _("Take out a long list of contacts"),
}
STATUS_LABELS = {
    "waiting": _("Waiting for a decision"),
    "approved": _("Approved, being carried out"),
    "done": _("Carried out"),
    "failed": _("Approved, but could not be carried out"),
    "refused": _("Refused"),
    "withdrawn": _("Withdrawn"),
    "expired": _("Expired"),
}
STATUS_KINDS = {
    "waiting": "warning",
    "approved": "info",
    "done": "good",
    "failed": "bad",
    "refused": "bad",
    "withdrawn": "neutral",
    "expired": "neutral",
}
