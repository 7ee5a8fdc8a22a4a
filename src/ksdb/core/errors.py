"""Errors that people meet. The class docstring is the message; it is translated at the edge."""

from datetime import datetime
from typing import ClassVar


class KsdbError(Exception):
    """Something went wrong. Try again; if it stays, tell the administrator the code below."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    until: datetime | None = None
    """When to try again, where time alone mends it."""

    @classmethod
    def sentence(cls) -> str:
        return " ".join((cls.__doc__ or "").split())


class NotAllowed(KsdbError):
    """Your role does not allow this. If you need it, ask your administrator for the right."""

    code = "not_allowed"
    status = 403


class NotFound(KsdbError):
    """There is no such record in your jurisdiction. Check the number, or go back to the list."""

    code = "not_found"
    status = 404


class SchemaUnknown(KsdbError):
    """The database has another schema than this program knows. Run `ksdb migrate`, then start again."""

    code = "schema_unknown"
    status = 503
