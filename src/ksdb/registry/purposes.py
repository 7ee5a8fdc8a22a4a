"""The purposes of reading a person's record as a form offers them, and as a request names them."""

from ksdb.audit.words import PURPOSE_LABELS
from ksdb.core.scope import Purpose

__all__ = ["PURPOSE_CHOICES", "PURPOSE_LABELS", "purpose_in"]

PURPOSE_CHOICES = [(purpose.value, label) for purpose, label in PURPOSE_LABELS.items()]


def purpose_in(text: str | None) -> Purpose | None:
    """The purpose that a request names, or None where it names none of the list."""
    return Purpose(text) if text in set(Purpose) else None
