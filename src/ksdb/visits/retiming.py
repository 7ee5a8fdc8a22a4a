"""A device's clock was wrong for a while: which scans are moved by how much, and who hears of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ksdb.core.errors import KsdbError
from ksdb.core.scope import Scope

LONGEST_SPAN: Final = timedelta(days=62)


class RetimingUnfit(KsdbError):
    """So moved, scans would lie in the future, or in days whose visits are deleted. Check both clocks and the span."""

    code = "retiming_unfit"
    status = 422


class RetimingStale(KsdbError):
    """There are other scans in this span by now than you have seen. Look again, then confirm."""

    code = "retiming_stale"
    status = 409


class NothingToRetime(KsdbError):
    """The device has no scans in this span that could be moved. Check from when until when its clock was wrong."""

    code = "nothing_to_retime"
    status = 422


@dataclass(frozen=True)
class Wrong:
    """The scans of a device that stand in the log at [since, until), and what has to be added to their times."""

    point_id: int
    device_id: int
    since: datetime
    until: datetime
    by: timedelta


@dataclass(frozen=True)
class Effect:
    """What moving them would do: visits moved, refusals that would count and that would not, and the new times."""

    visits: int
    first_at: datetime | None
    last_at: datetime | None
    accepted: int
    refused: int
    lost_days: int

    @property
    def count(self) -> int:
        return self.visits + self.accepted


@dataclass(frozen=True)
class Retimed:
    """Visits that were moved: at which point, between which instants in all, before and after, and of whom."""

    point_id: int
    since: datetime
    until: datetime
    residents: Sequence[int]


RETIMED: list[Callable[[Scope, Retimed], None]] = []
"""Rooms above say here what they do when visits were moved; called in the transaction of the moving."""
