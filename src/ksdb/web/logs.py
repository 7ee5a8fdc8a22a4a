"""How errors are written down: where and of what kind, never their text, which may hold what belongs to a person."""

import logging
import traceback
from collections.abc import Iterator
from types import TracebackType

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class QuietFormatter(logging.Formatter):
    """Tracebacks without the words of the errors: a database's name the row, Python's the text it could not read."""

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's own name
        return "".join(_lines(ei[1])).rstrip("\n") if ei[1] is not None else ""


def _lines(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _lines(before)
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield (
        f"{type(error).__module__}.{type(error).__qualname__} {getattr(error, 'sqlstate', None) or ''}".rstrip() + "\n"
    )
