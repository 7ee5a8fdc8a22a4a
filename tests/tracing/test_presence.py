"""The presence index against core, on many small random worlds, in memory and through PostgreSQL and files."""

from collections import defaultdict

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.tracing.test_exposures import CASE, LONGEST_MINUTES, Seen, World, worlds

from ksdb.core.copresence import CoPresence, People, generations
from ksdb.core.stay import Scan, Stay, stays_of
from ksdb.tracing.presence.index import Index, Rule
from ksdb.tracing.presence.opening import with_new
from ksdb.tracing.presence.segment import DAY_MS, Neighbours, Rows, Segment, empty_scans, scans_of_rows, stays_of_scans

MINUTE_MS = 60_000
FIRST_MIDNIGHT = 1020 - 1440
"""Minute 0 is midnight in UTC; the province's day ends 17 hours later."""


def stays_in(world: World) -> dict[int, list[Stay]]:
    numbered = [(s.at, s.sequence or n, 1 + s.place, s) for n, s in enumerate(world.scans, 1)]
    scans = defaultdict(list)
    for *_, s in sorted(numbered, key=lambda row: row[:3]):
        scans[s.resident].append(Scan(s.at, s.place, s.is_exit))
    return {r: stays_of(theirs, world.usual.__getitem__, LONGEST_MINUTES) for r, theirs in scans.items()}


def rows(world: World, chosen: list[int]) -> Rows:
    seen = [(world.scans[n], n + 1) for n in chosen]
    return Rows(
        np.array([s.resident for s, _ in seen], np.int32),
        np.array([s.at * MINUTE_MS for s, _ in seen], np.int64),
        np.array([s.place for s, _ in seen], np.int32),
        np.array([s.is_exit for s, _ in seen], np.bool_),
        np.array([s.sequence or n for s, n in seen], np.int64),
        np.array([1 + s.place for s, _ in seen], np.int32),
    )


def index_of(world: World, chosen: list[int]) -> Index:
    """Days of the province, each made from its own scans and those of the days beside it."""
    all_rows = rows(world, chosen)
    usual = np.array(world.usual, np.int32) * MINUTE_MS
    usual.flags.writeable = False
    bases = [(FIRST_MIDNIGHT + 1440 * n) * MINUTE_MS for n in range(-2, 8)]
    scans = [
        scans_of_rows(Rows(*(c[(all_rows.at >= base) & (all_rows.at < base + DAY_MS)] for c in all_rows)), base)
        for base in bases
    ]
    around = [empty_scans(bases[0] - DAY_MS), *scans, empty_scans(bases[-1] + DAY_MS)]
    return Index(
        [
            Segment(own, stays_of_scans(Neighbours(around[n], own, around[n + 2], 0, DAY_MS), usual))
            for n, own in enumerate(scans)
        ],
        usual,
    )


def by_index(index: Index, world: World, end: int, latent: int) -> dict[int, tuple[int, int, list[CoPresence]]]:
    """Generation, through whom, and the co-presences of each contact, in minutes."""
    special = {place: (one.least * MINUTE_MS, one.linger * MINUTE_MS) for place, one in world.rule.special.items()}
    rule = Rule(*(n * MINUTE_MS for n in (world.rule.least, world.rule.linger, latent)), special)
    found: dict[int, tuple[int, int, list[CoPresence]]] = {}
    asked = index.asked(np.array([CASE], np.int32), [tuple(n * MINUTE_MS for n in world.infectious)], rule)
    met = index.meetings(asked)
    first = {int(r): int(met.started[met.who == r].min()) for r in np.unique(met.who)}
    _collect(found, 1, asked, met)
    if first:
        numbers = np.array(sorted(first), np.int32)
        spans = [(first[int(r)] + rule.latent, end * MINUTE_MS) for r in numbers]
        theirs = index.asked(numbers, spans, rule)
        known = np.array([CASE, *numbers], np.int32)
        second = index.second(theirs, known)
        skipped = np.ones(index.residents, np.bool_)
        skipped[second.residents] = False
        _collect(found, 2, theirs, index.meetings(theirs, skipped))
        for r in second.residents:
            met_ms = [(c.ended - c.started) * MINUTE_MS for c in found[int(r)][2]]
            assert sum(met_ms) == second.together[r]
    return found


def _collect(found: dict, generation: int, asked: object, met: object) -> None:
    order = np.lexsort((asked.who[met.stay], met.started))
    for n in order:
        one = CoPresence(
            int(asked.point[met.stay[n]]),
            int(met.started[n]) // MINUTE_MS,
            int(met.ended[n]) // MINUTE_MS,
            bool(met.observed[n]),
        )
        through = int(asked.who[met.stay[n]])
        found.setdefault(int(met.who[n]), (generation, through, []))[2].append(one)


def by_core(world: World, end: int, latent: int) -> dict[int, tuple[int, int, list[CoPresence]]]:
    reached = generations(People(stays_in(world)), CASE, (world.infectious, end), world.rule, latent)
    return {r: (c.generation, c.through, sorted(c.met, key=repr)) for r, c in reached.items()}


def in_order(found: dict) -> dict:
    return {r: (generation, through, sorted(met, key=repr)) for r, (generation, through, met) in found.items()}


@st.composite
def crowded(draw: st.DrawFn) -> World:
    """The worlds of the SQL tests with more people in them, so that contacts have contacts."""
    world, other = draw(worlds()), draw(worlds())
    more = tuple(
        Seen(s.resident + 2, s.at, s.place, s.is_exit, (s.sequence or n) + 5000) for n, s in enumerate(other.scans)
    )
    return World(world.usual, (*world.scans, *more), world.infectious, world.rule)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=crowded(), end=st.sampled_from([60, 600, 3000, 6000]), latent=st.sampled_from([0, 0, 1, 30, 1440]))
def test_index_finds_what_core_means(world: World, end: int, latent: int) -> None:
    index = index_of(world, list(range(len(world.scans))))
    assert in_order(by_index(index, world, end, latent)) == by_core(world, end, latent)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(world=crowded(), data=st.data())
def test_new_visits_lie_over_the_files(world: World, data: st.DataObject) -> None:
    late = data.draw(st.sets(st.integers(0, len(world.scans) - 1), max_size=5))
    kept = [n for n in range(len(world.scans)) if n not in late]
    index = with_new(index_of(world, kept), rows(world, sorted(late)))
    ties = {(world.scans[n].resident, world.scans[n].at) for n in kept} & {
        (world.scans[n].resident, world.scans[n].at) for n in late
    }
    assert (index is None) == bool(ties)
    if index:
        assert in_order(by_index(index, world, 6000, 0)) == by_core(world, 6000, 0)
