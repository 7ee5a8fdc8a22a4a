"""What an inspection found: the lines to show, a verdict, and the first fault."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from ksdb.core.clock import ZONE
from ksdb.core.electronic import CodeFault
from ksdb.core.hc1 import Hc1Fault
from ksdb.core.token import TokenFault

Say = Callable[[str], str]
Fault = TokenFault | CodeFault | Hc1Fault


@dataclass(frozen=True)
class Inspection:
    """The lines to show, and the first fault: None when the code is good or cannot be proved."""

    lines: tuple[tuple[str, str], ...]
    verdict: str
    fault: Fault | None
    is_proved: bool


def day(seconds: float, *, to_the_second: bool = False) -> str:
    """Four bytes of seconds end in 2106, so every claim is a day; a key's bounds may be further out."""
    try:
        local = datetime.fromtimestamp(seconds, UTC).astimezone(ZONE)
    except (OverflowError, ValueError, OSError):
        return "?"
    return f"{local:%d/%m/%Y %H:%M:%S}" if to_the_second else f"{local:%d/%m/%Y %H:%M}"
