"""Co-presence of residents, over generations: the reference that both engines are held against.

Times are integers of one unit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ksdb.core.stay import Stay


@dataclass(frozen=True, slots=True)
class OverlapRule:
    """Two stays at one point count when they overlap by at least `least`; the case's stay lingers on for `linger`.

    With a `window` stays are made by core.stay.windows_of: both were scanned less than the window apart.
    """

    least: int
    linger: int = 0
    window: int = 0


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


@dataclass(frozen=True, slots=True)
class Reached:
    """A contact: how many steps from the case, through whom first (the case in the first), and each co-presence."""

    generation: int
    through: int
    met: tuple[CoPresence, ...]

    @property
    def first(self) -> int:
        return min(one.started for one in self.met)


def generations(
    stays: Mapping[int, Sequence[Stay]],
    case: int,
    spans: tuple[tuple[int, int], int],
    rule: OverlapRule,
    latent: int = 0,
) -> dict[int, Reached]:
    """Contacts of the case, and contacts of those, by resident: of each the fewest steps.

    `spans` are the case's infectious period `[from, until)` and the instant at which the contacts of contacts end. One
    of the first generation passes it on from `latent` after the beginning of his first exposure. Through whom somebody
    was reached is whom he met first, of several the one with the lowest number.
    """
    infectious, end = spans
    first = _reached(1, {case: list(stays.get(case, ()))}, stays, {case: infectious}, rule)
    first.pop(case, None)
    begin = {one: (contact.first + latent, end) for one, contact in first.items()}
    second = _reached(2, {one: stays[one] for one in first}, stays, begin, rule)
    return {**{r: c for r, c in second.items() if r != case}, **first}


def _reached(
    generation: int,
    sources: Mapping[int, Sequence[Stay]],
    others: Mapping[int, Sequence[Stay]],
    periods: Mapping[int, tuple[int, int]],
    rule: OverlapRule,
) -> dict[int, Reached]:
    found: dict[int, Reached] = {}
    for resident, theirs in others.items():
        met = [
            (one.started, source, one)
            for source, stays in sources.items()
            if source != resident
            for one in copresences(stays, theirs, periods[source], rule)
        ]
        if met:
            _, through, _ = min(met, key=lambda row: row[:2])
            found[resident] = Reached(generation, through, tuple(one for *_, one in met))
    return found
