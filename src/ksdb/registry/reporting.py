"""What the page of an import says of it as a whole."""

from typing import Protocol

import msgspec
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.core.errors import KsdbError
from ksdb.registry.actions import FileKindUnknown, ImportBroken
from ksdb.registry.headings import HeadingMissing, HeadingNotFound
from ksdb.registry.preparing import PreparingBroken
from ksdb.registry.probing import FileTooHeavy
from ksdb.registry.problems import column_label
from ksdb.registry.reading import FileTooLarge, FileUnreadable

_FAILURES: dict[str, type[KsdbError]] = {
    error.code: error
    for error in (
        FileKindUnknown,
        FileTooHeavy,
        FileTooLarge,
        FileUnreadable,
        HeadingMissing,
        HeadingNotFound,
        ImportBroken,
        PreparingBroken,
    )
}


class Failed(Protocol):
    """The fields of an import that tell why it failed."""

    failure: str
    missing_columns: str
    found_headings: str


class Statement(msgspec.Struct, frozen=True):
    """A status as people read it, and the colour of its tag."""

    text: str | Promise
    kind: str


class Failure(msgspec.Struct, frozen=True):
    """Why an import failed, and for a heading what was missing and what was found."""

    sentence: str
    missing: tuple[str, ...]
    found: tuple[str, ...]


_STATEMENTS = {
    "draft": Statement(_("columns to name"), "warning"),
    "checking": Statement(_("being checked"), "info"),
    "checked": Statement(_("checked, not imported"), "warning"),
    "queued": Statement(_("waiting"), "neutral"),
    "running": Statement(_("running"), "info"),
    "done": Statement(_("done"), "good"),
    "failed": Statement(_("failed"), "bad"),
}


def statement_of(status: str) -> Statement:
    return _STATEMENTS[status]


def failure_of(source: Failed) -> Failure | None:
    if not source.failure:
        return None
    error = _FAILURES.get(source.failure, KsdbError)
    missing = tuple(column_label(column) for column in source.missing_columns.split())
    return Failure(gettext(error.sentence()), missing, tuple(source.found_headings.split("\n")) if missing else ())
