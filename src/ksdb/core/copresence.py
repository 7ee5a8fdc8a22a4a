"""Co-presence of residents, over generations: the reference that both engines are held against.

Times are integers of one unit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ksdb.core.stay import Stay


@dataclass(frozen=True, slots=True)
class OverlapRule:
    """Two stays at one point count when they overlap by at least `least`; the case's stay lingers on for `linger`.

    With a `window` stays are made by core.stay.windows_of: both were scanned less than the window apart. At the points
    in `special` another rule of the same kind counts, by stays or by scans.
    """

    least: int
    linger: int = 0
    window: int = 0
    special: Mapping[int, "OverlapRule"] = field(default_factory=dict)

    def at(self, point: int) -> "OverlapRule":
        """The rule that counts at the point."""
        return self.special.get(point, self)


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
        here = rule.at(stay.point)
        for other in others:
            started, ended = max(stay.arrived, other.arrived), min(stay.departed + here.linger, other.departed)
            if other.point == stay.point and ended - started >= here.least and started < ended:
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


@dataclass(frozen=True, slots=True)
class People:
    """Stays by record; of the records of whoever has several the record that counts, and the stays of all his scans.

    What somebody passes on goes by all his scans. Whom he meets goes by record: each record's scans are told by
    themselves, so that two cards that one person holds end each other's stays only where he is looked at himself.
    """

    stays: Mapping[int, Sequence[Stay]]
    persons: Mapping[int, int] = field(default_factory=dict)
    whole: Mapping[int, Sequence[Stay]] = field(default_factory=dict)

    def person(self, record: int) -> int:
        return self.persons.get(record, record)

    def of(self, person: int) -> Sequence[Stay]:
        return self.whole.get(person) or self.stays.get(person, ())


def generations(
    people: People,
    case: int,
    spans: tuple[tuple[int, int], int],
    rule: OverlapRule,
    latent: int = 0,
) -> dict[int, Reached]:
    """Contacts of the case, and contacts of those, by person: of each the fewest steps.

    `spans` are the case's infectious period `[from, until)` and the instant at which the contacts of contacts end. One
    of the first generation passes it on from `latent` after the beginning of his first exposure. Through whom somebody
    was reached is whom he met first, of several the one with the lowest number.
    """
    infectious, end = spans
    first = _reached(1, people, {case: infectious}, rule)
    begin = {one: (contact.first + latent, end) for one, contact in first.items()}
    second = _reached(2, people, begin, rule)
    return {**{r: c for r, c in second.items() if r != case}, **first}


def _reached(
    generation: int, people: People, periods: Mapping[int, tuple[int, int]], rule: OverlapRule
) -> dict[int, Reached]:
    """Whom the persons met in the period of each."""
    found: dict[int, list[tuple[int, int, CoPresence]]] = {}
    for record, theirs in people.stays.items():
        for source, period in periods.items():
            if source != people.person(record):
                met = copresences(people.of(source), theirs, period, rule)
                found.setdefault(people.person(record), []).extend((one.started, source, one) for one in met)
    return {
        person: Reached(generation, min(met, key=lambda row: row[:2])[1], tuple(one for *_, one in met))
        for person, met in found.items()
        if met
    }
