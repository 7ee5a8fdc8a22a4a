"""The words for the purposes of reading a person's record, and for what an entry says beside its subject."""

from collections.abc import Mapping

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


DETAIL_LABELS: Mapping[str, str | Promise] = {
    "reason": _("Reason"),
    "count": _("How many"),
    "rows": _("Rows"),
    "sha256": _("SHA-256 of the file"),
    "file": _("File"),
    "asked": _("Asked for"),
    "page": _("Page"),
    "unit": _("Unit"),
    "was": _("Until then"),
    "role": _("Role"),
    "division": _("Division no."),
    "trace": _("Trace no."),
    "act": _("Act no."),
    "card": _("Card no."),
}
MOST_SHOWN = 20
PIECE = 16


def detail_lines(detail: Mapping[str, object]) -> list[tuple[str | Promise, list[str]]]:
    """What an entry says beside its subject, a line for each word: its words, and its value as text.

    A hash comes in pieces, between which a line may break.
    """
    return [(DETAIL_LABELS.get(key, key.replace("_", " ")), _pieces(_text(value))) for key, value in detail.items()]


def _pieces(text: str) -> list[str]:
    if len(text) < 2 * PIECE or " " in text:
        return [text]
    return [text[start : start + PIECE] for start in range(0, len(text), PIECE)]


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} = {_text(one)}" for key, one in value.items())
    if isinstance(value, list):
        more = f" … ({len(value)})" if len(value) > MOST_SHOWN else ""
        return ", ".join(_text(one) for one in value[:MOST_SHOWN]) + more
    return "–" if value is None else str(value)
