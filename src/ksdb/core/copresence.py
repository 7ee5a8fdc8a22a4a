"""Co-presence of two residents: the reference that the SQL engine is held against. Times are integers of one unit."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ksdb.core.stay import Stay


@dataclass(frozen=True, slots=True)
class OverlapRule:
    """Two stays at one point count when they overlap by at least `least`; the case's stay lingers on for `linger`."""

    least: int
    linger: int = 0


@dataclass(frozen=True, slots=True)
class CoPresence:
    """`[started, ended)` at a point; observed only if both ends of both stays are."""

    point: int
    started: int
    ended: int
    is_observed: bool


def stays_within(stays: Iterable[Stay], infectious: tuple[int, int]) -> Iterator[Stay]:
    """The stays cut to the period `[from, until)`; those outside it fall away."""
    for stay in stays:
        cut = replace(stay, arrived=max(stay.arrived, infectious[0]), departed=min(stay.departed, infectious[1]))
        if cut.arrived < cut.departed:
            yield cut


def copresences(
    case_stays: Iterable[Stay], other_stays: Iterable[Stay], infectious: tuple[int, int], rule: OverlapRule
) -> Iterator[CoPresence]:
    """Each overlap of a case's stay, cut to the infectious period `[from, until)`, with another's stay."""
    others = list(other_stays)
    for stay in stays_within(case_stays, infectious):
        for other in others:
            started, ended = max(stay.arrived, other.arrived), min(stay.departed + rule.linger, other.departed)
            if other.point == stay.point and ended - started >= rule.least and started < ended:
                yield CoPresence(stay.point, started, ended, stay.is_observed and other.is_observed)
