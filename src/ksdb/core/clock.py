"""The one clock: aware instants, and the civil day of the province."""

from datetime import UTC, date, datetime, time, timedelta
from time import time_ns
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def now() -> datetime:
    return datetime.now(UTC)


def now_ms() -> int:
    """Milliseconds since 1970, where an object for each instant would be felt."""
    return time_ns() // 1_000_000


def today() -> date:
    return day_of(now())


def day_of(at: datetime) -> date:
    """The civil day in the province that `at` falls on."""
    return at.astimezone(ZONE).date()


def day_bounds(on: date) -> tuple[datetime, datetime]:
    """The half-open interval of instants that make up the civil day."""
    start = datetime.combine(on, time(), ZONE)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def from_ms(epoch_ms: int) -> datetime:
    """The instant `epoch_ms` milliseconds after 1970. Raises OverflowError or ValueError beyond year 9999."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)
