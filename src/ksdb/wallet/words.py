"""What the pages call relations, and what of a request fits a record."""

from django.utils.translation import gettext_lazy as _

from ksdb.wallet.claiming import Evidence

RELATION_LABELS = {
    "self": _("for himself or herself"),
    "child": _("for a child"),
    "parent": _("for the father or mother"),
    "ward": _("for somebody in care"),
    "other": _("for a member of the household"),
}
EVIDENCE_LABELS = {
    Evidence.ID_NUMBER: _("number of the identity card"),
    Evidence.NAME: _("full name"),
    Evidence.BIRTH: _("birth"),
    Evidence.PHONE: _("phone of the record"),
    Evidence.HOUSEHOLD: _("household of the phone"),
}
