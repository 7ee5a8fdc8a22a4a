"""The words for the purposes of reading a person's record, for every page that asks for one."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.core.scope import Purpose

PURPOSE_LABELS: dict[Purpose, str | Promise] = {
    Purpose.CARD_SERVICE: _("Giving out or exchanging a card"),
    Purpose.REGISTRATION: _("Registering residents"),
    Purpose.CORRECTION: _("Correcting a record"),
    Purpose.CASE_TRACING: _("Tracing a case"),
    Purpose.AUDIT: _("Checking how records are used"),
}
PURPOSE_CHOICES = [(purpose.value, label) for purpose, label in PURPOSE_LABELS.items()]


def purpose_in(text: str | None) -> Purpose | None:
    """The purpose that a request names, or None where it names none of the list."""
    return Purpose(text) if text in set(Purpose) else None
