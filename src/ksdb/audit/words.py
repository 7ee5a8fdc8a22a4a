"""The words for the purposes of reading a person's record, for every page that asks for one or shows one."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.core.scope import Purpose

PURPOSE_LABELS: dict[Purpose, str | Promise] = {
    Purpose.CARD_SERVICE: _("Giving out or exchanging a card"),
    Purpose.REGISTRATION: _("Registering residents"),
    Purpose.CORRECTION: _("Correcting a record"),
    Purpose.CASE_TRACING: _("Tracing a case"),
    Purpose.SUBJECT_REQUEST: _("Asked by the resident"),
    Purpose.AUDIT: _("Checking how records are used"),
}


def purpose_label(purpose: str) -> str | Promise:
    """The words for a stored purpose; the stored word itself where the list no longer has it."""
    return PURPOSE_LABELS[Purpose(purpose)] if purpose in set(Purpose) else purpose
