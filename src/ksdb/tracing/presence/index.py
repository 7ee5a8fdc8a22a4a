"""The presence index as an engine: contacts of one generation and of two, from segments in memory or in files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ksdb.tracing.presence.segment import Ints, Segment, reaching
from ksdb.tracing.presence.walk import (
    NOBODY,
    SKIPPED,
    Asked,
    Flags,
    Gathered,
    Longs,
    Meetings,
    Stayed,
    add_up,
    gather,
    infer,
    meet,
    nothing_yet,
)

Span = tuple[int, int]
FOREVER = 1 << 62


@dataclass(frozen=True)
class Rule:
    """Core's overlap rule and the days of latency, in milliseconds; `special` tells least and linger of some points."""

    least: int
    linger: int = 0
    latent: int = 0
    special: Mapping[int, tuple[int, int]] = field(default_factory=dict)

    @cached_property
    def _by_point(self) -> tuple[Longs, Longs]:
        least, linger = (np.full(max(self.special) + 1, usual, np.int64) for usual in (self.least, self.linger))
        for point, (its_least, its_linger) in self.special.items():
            least[point], linger[point] = its_least, its_linger
        return least, linger

    def at(self, points: Ints) -> tuple[Longs, Longs]:
        """Least and linger at each of the points."""
        if not self.special:
            return np.full(points.size, self.least, np.int64), np.full(points.size, self.linger, np.int64)
        least, linger = self._by_point
        beyond, place = points >= least.size, np.minimum(points, least.size - 1)
        return np.where(beyond, self.least, least[place]), np.where(beyond, self.linger, linger[place])


@dataclass(frozen=True)
class Second:
    """The second generation: milliseconds together with the first, by resident, and how many co-presences."""

    together: Longs
    pairs: int
    asked: Asked

    @property
    def residents(self) -> NDArray[np.intp]:
        return np.flatnonzero(self.together > 0)


@dataclass
class Index:
    """Segments of days, in order, and the usual stay at each point in milliseconds.

    `overlay` holds all scans of the residents marked in `replaced`, who are left out of the days: whoever has visits
    newer than the days' files.
    """

    days: Sequence[Segment]
    usual: Ints
    overlay: Segment | None = None
    replaced: Flags = field(default_factory=lambda: NOBODY)

    @property
    def base(self) -> int:
        """Where days begin: what is counted in days is counted from here."""
        return int(self.days[0].scans.base) if self.days else 0

    @property
    def residents(self) -> int:
        """One more than the highest resident's number."""
        sides = [segment.scans for segment in self._segments]
        return max((side.offsets.size - 1 for side in sides), default=0)

    @property
    def _segments(self) -> list[Segment]:
        return [*self.days, *([self.overlay] if self.overlay else [])]

    def stays(self, residents: Ints) -> Stayed:
        """All stays of the residents; `owner` is the place in the list."""
        parts = [gather(segment.scans, residents, self.replaced) for segment in self.days]
        if self.overlay:
            parts.append(gather(self.overlay.scans, residents, NOBODY))
        gathered = in_order(parts)
        return infer(gathered, reaching(self.usual, gathered.what), self.base)

    def asked(self, residents: Ints, spans: Sequence[Span] | NDArray[np.int64], rule: Rule) -> Asked:
        """The residents' stays cut to the span of each, as the other functions take them."""
        stayed, bounds = self.stays(residents), np.asarray(spans, np.int64).reshape(-1, 2)
        arrived = np.maximum(stayed.arrived, bounds[stayed.owner, 0])
        departed = np.minimum(stayed.departed, bounds[stayed.owner, 1])
        kept = np.flatnonzero(arrived < departed)
        columns = (residents[stayed.owner], stayed.point, arrived, departed, stayed.observed)
        return asked_of(tuple(column[kept] for column in columns), rule)

    def meetings(self, asked: Asked, skipped: Flags = NOBODY) -> Meetings:
        """All co-presences of others with the stays asked for, in no order."""
        found, odd = [], []
        for segment in self._segments:
            within = self._within(segment, asked)
            if within is not None:
                met, stay, who = meet(segment.stays, within[1], self._left_out(segment, skipped))
                found.append(met._replace(stay=within[0][met.stay]))
                odd.append((within[0][stay], who))
        found.append(self._over_midnight(asked, odd))
        return Meetings(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def second(self, first: Asked, known: Ints) -> Second:
        """Everybody but those known who met the stays of the first generation, added up."""
        together, pairs, odd = nothing_yet(self.residents, known), 0, []
        replaced = np.flatnonzero(self.replaced)
        together[replaced] = SKIPPED
        for segment in self._segments:
            if segment is self.overlay:
                together[np.setdiff1d(replaced, known)] = 0
            within = self._within(segment, first)
            if within is not None:
                count, parts = add_up(segment.stays, within[1], together)
                pairs += count
                odd.append(self._parts(segment, first, within[0][parts], together))
        late = self._over_midnight(first, odd)
        np.add.at(together, late.who, late.ended - late.started)
        return Second(together, pairs + late.who.size, first)

    def _parts(
        self, segment: Segment, asked: Asked, places: NDArray[np.intp], together: Longs
    ) -> tuple[NDArray[np.intp], Ints]:
        """Who has parts of a stay there that goes on over midnight: places in Asked, and residents."""
        if not places.size:
            return places, np.zeros(0, np.int32)
        few = Asked(*(column[places] for column in asked))._replace(least=np.full(places.size, FOREVER, np.int64))
        _, stay, who = meet(segment.stays, few, together == SKIPPED)
        return places[stay], who

    def _left_out(self, segment: Segment, skipped: Flags) -> Flags:
        if segment is self.overlay or not self.replaced.size:
            return skipped
        if not skipped.size:
            return self.replaced
        both = skipped.copy()
        both[: self.replaced.size] |= self.replaced
        return both

    def _within(self, segment: Segment, asked: Asked) -> tuple[NDArray[np.intp], Asked] | None:
        """The stays asked for that may meet one of the segment, and their places; None when there are none."""
        stays = segment.stays
        if not stays.arrived.size:
            return None
        last = stays.base + stays.until + int(stays.longest.max())
        places = np.flatnonzero((asked.until > stays.base + stays.first) & (asked.arrived < last))
        if not places.size:
            return None
        return places, Asked(*(column[places] for column in asked))

    def _over_midnight(self, asked: Asked, odd: list[tuple[NDArray[np.intp], Ints]]) -> Meetings:
        """Co-presences with stays that scans of two days make, each once."""
        pairs = np.unique(
            np.concatenate([np.zeros(0, np.int64), *((stay.astype(np.int64) << 32) | who for stay, who in odd)])
        )
        stay, who = (pairs >> 32).astype(np.intp), (pairs & 0xFFFFFFFF).astype(np.int32)
        residents, place = np.unique(who, return_inverse=True)
        stayed = self.stays(residents.astype(np.int32))
        crossing = np.flatnonzero(stayed.crosses)
        first = np.searchsorted(stayed.owner[crossing], np.arange(residents.size + 1))
        count = (first[1:] - first[:-1])[place]
        one = np.repeat(np.arange(stay.size), count)
        other = crossing[np.arange(one.size) - np.repeat(np.cumsum(count) - count, count) + first[place[one]]]
        mine = stay[one]
        started = np.maximum(asked.arrived[mine], stayed.arrived[other])
        ended = np.minimum(asked.until[mine], stayed.departed[other])
        met = (asked.point[mine] == stayed.point[other]) & (started < ended) & (ended - started >= asked.least[mine])
        observed = asked.observed[mine] & stayed.observed[other]
        return Meetings(mine[met].astype(np.int32), who[one][met], started[met], ended[met], observed[met])


def asked_of(columns: Sequence[NDArray[Any]], rule: Rule) -> Asked:
    """Stays given as who, point, arrived, departed and observed, point by point: what was just read is read again."""
    order = np.lexsort((columns[2], columns[1]))
    who, point, arrived, departed, observed = (column[order] for column in columns)
    least, linger = rule.at(point)
    return Asked(who, point, arrived, departed + linger, observed, least)


def in_order(parts: Sequence[Gathered]) -> Gathered:
    """Scans of several segments, given in order of time, resident by resident."""
    if not parts:
        return Gathered(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int32))
    owner = np.concatenate([part.owner for part in parts])
    order = np.argsort(owner, kind="stable")
    return Gathered(
        owner[order],
        np.concatenate([part.at for part in parts])[order],
        np.concatenate([part.what for part in parts])[order],
    )
