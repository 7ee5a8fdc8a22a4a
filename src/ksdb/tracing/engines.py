"""Which engine answers a trace: the presence index where it can, SQL everywhere. Both mean the same."""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ksdb.core.copresence import OverlapRule
from ksdb.core.stay import Stay
from ksdb.tracing.exposures import (
    CaseStays,
    Exposure,
    Found,
    Period,
    case_stays,
    find,
    find_second,
    first_of_persons,
    stays_after,
    unverified_at,
)
from ksdb.tracing.persons import Persons, merged_persons
from ksdb.tracing.presence.index import Index, Rule, Second, asked_of
from ksdb.tracing.presence.opening import Opened, open_index
from ksdb.tracing.presence.reading import EPOCH, milliseconds
from ksdb.tracing.presence.walk import Asked, Flags, Longs, Meetings

MICROSECONDS = 1000
"""Core counts in microseconds beside SQL, and the index in milliseconds, which is what devices send."""

MOST_SECOND = 2000
"""So many people of the second generation are kept, those longest exposed; a city of them is no list to work on."""


@dataclass(frozen=True)
class Question:
    """Whose contacts, by all records of the person, over which period, by which rule, and to which generation.

    The rule's times are `units` of exposures. `until` is where the contacts of contacts end, and `latent` how long
    after his first exposure one passes it on.
    """

    records: Sequence[int]
    infectious: Period
    rule: OverlapRule
    until: datetime
    latent: timedelta = timedelta()
    generations: int = 1


@dataclass(frozen=True)
class Answer:
    """What was found, by which engine, and up to which transaction the index's files told."""

    found: Found
    engine: str
    horizon: int | None = None


def answer(question: Question) -> Answer:
    """Everything one trace finds, in one snapshot: by the index with what is newer, or by SQL."""
    # The index knows stays, not scans.
    opened = None if question.rule.window else open_index()
    if opened is None:
        return Answer(by_sql(question), "sql")
    return Answer(by_index(question, opened), "index", opened.horizon)


def by_sql(question: Question) -> Found:
    found = find(question.records, question.infectious, question.rule)
    if question.generations > 1 and found.exposures:
        latent = question.latent // timedelta(microseconds=1)
        found = find_second(found, question.records, (latent, question.until), question.rule)
        persons = merged_persons()
        kept = set(_longest([(persons.person(one.resident_id), one.ended_at - one.started_at) for one in found.second]))
        found = replace(found, second=[one for one in found.second if persons.person(one.resident_id) in kept])
    return found


def by_index(question: Question, opened: Opened) -> Found:
    index, rule = opened.index, _rule(question)
    asked = _asked_of_case(index, question, rule)
    if not asked.who.size:
        return Found()
    met = index.meetings(asked, _marked(index.residents, question.records))
    stays = _as_stays(asked, rule)
    usual = {stay.point: int(index.usual[stay.point]) * MICROSECONDS for stay in stays}
    unverified = unverified_at(CaseStays(list(question.records), stays, usual).asked(question.rule))
    found = Found(stays, exposures_in(asked, met, is_first=True), unverified)
    return _with_second(found, index, question) if question.generations > 1 and met.who.size else found


def _asked_of_case(index: Index, question: Question, rule: Rule) -> Asked:
    """The case's stays; those of several records by core.stay, as their scans have to be put in one order."""
    since, until = question.infectious
    if len(question.records) == 1:
        return index.asked(np.array(question.records, np.int32), [(milliseconds(since), milliseconds(until))], rule)
    stays = case_stays(question.records, question.infectious).stays
    return _asked_of_stays([(question.records[0], stay) for stay in stays], rule)


def _asked_of_stays(stays: Sequence[tuple[int, Stay]], rule: Rule) -> Asked:
    rows = [(one, s.point, s.arrived // MICROSECONDS, s.departed // MICROSECONDS, s.is_observed) for one, s in stays]
    kinds = (np.int32, np.int32, np.int64, np.int64, np.bool_)
    columns = zip(*rows, strict=True) if rows else [()] * len(kinds)
    return asked_of([np.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], rule)


def _with_second(found: Found, index: Index, question: Question) -> Found:
    persons = merged_persons()
    first = {one: milliseconds(at) for one, at in first_of_persons(found.exposures, persons).items()}
    second = second_of(index, question, first, persons)
    residents = second.residents
    kept = persons.records_of(_longest_of(residents, second.together).tolist())
    met = index.meetings(second.asked, ~_marked(index.residents, kept))
    return replace(found, second=exposures_in(second.asked, met), second_count=int(residents.size))


def _longest_of(residents: NDArray[np.intp], together: Longs) -> NDArray[np.intp]:
    """The MOST_SECOND residents longest together, of equals those with the lowest numbers."""
    if residents.size <= MOST_SECOND:
        return residents
    lengths = together[residents]
    least = np.partition(lengths, -MOST_SECOND)[-MOST_SECOND]
    longer, equal = residents[lengths > least], residents[lengths == least]
    return np.concatenate([longer, equal[: MOST_SECOND - longer.size]])


def second_of(index: Index, question: Question, first: Mapping[int, int], persons: Persons) -> Second:
    """Every person whom the first generation met after the first exposure of each, in milliseconds."""
    rule = _rule(question)
    begins = {one: at + rule.latent for one, at in first.items()}
    asked = _asked_of_first(index, question, begins, persons)
    known = np.array([*question.records, *persons.records_of(first)], np.int32)
    return _of_persons(index.second(asked, known[known < index.residents]), persons)


def _asked_of_first(index: Index, question: Question, begins: Mapping[int, int], persons: Persons) -> Asked:
    """What the first generation did afterwards: by the index, and by core.stay of those who have several records."""
    rule = _rule(question)
    numbers = np.array([one for one in begins if not persons.has_several(one)], np.int32)
    until = milliseconds(question.until)
    asked = index.asked(numbers, [(begins[one], until) for one in numbers.tolist()], rule)
    several = {one: at * MICROSECONDS for one, at in begins.items() if persons.has_several(one)}
    if not several:
        return asked
    stays, _ = stays_after(several, question.until, persons, question.rule)
    theirs = _asked_of_stays(stays, rule)
    return Asked(*(np.concatenate([asked[n], theirs[n]]) for n in range(len(asked))))


def _of_persons(second: Second, persons: Persons) -> Second:
    """Time together of all records of a person, at the record that counts."""
    records = np.array([one for one in persons.merged if one < second.together.size], np.int64)
    records = records[second.together[records] > 0]
    if not records.size:
        return second
    owners = np.array([persons.merged[one] for one in records.tolist()], np.int64)
    together = np.zeros(max(second.together.size, int(owners.max()) + 1), np.int64)
    together[: second.together.size] = second.together
    np.add.at(together, owners, together[records])
    together[records] = 0
    return replace(second, together=together)


def _marked(size: int, residents: Iterable[int]) -> Flags:
    marked = np.zeros(size, np.bool_)
    marked[[one for one in residents if one < size]] = True
    return marked


def exposures_in(asked: Asked, met: Meetings, *, is_first: bool = False) -> list[Exposure]:
    """Co-presences as both engines give them, by resident and time."""
    order = np.lexsort((met.ended, asked.point[met.stay], met.started, met.who))
    instants = (_instants(met.started[order]), _instants(met.ended[order]))
    through = [None] * order.size if is_first else asked.who[met.stay][order].tolist()
    columns = (met.who, asked.point[met.stay], met.observed)
    who, point, observed = (column[order].tolist() for column in columns)
    with _no_search_for_cycles():
        return list(map(_exposure, zip(who, point, *instants, observed, through, strict=True)))


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Tuples of numbers and times have none, but a hundred thousand of them have the collector look for some."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_exposure: Callable[[Iterable[Any]], Exposure] = partial(tuple.__new__, Exposure)
"""Without the detour through its keywords, which takes as long again; a second generation makes a hundred thousand."""


def _instants(times: Longs) -> list[datetime]:
    return [EPOCH + one for one in times.astype("timedelta64[ms]").tolist()]


def _as_stays(asked: Asked, rule: Rule) -> list[Stay]:
    _, linger = rule.at(asked.point)
    columns = (asked.point, asked.arrived * MICROSECONDS, (asked.until - linger) * MICROSECONDS, asked.observed)
    return sorted(
        (Stay(*row) for row in zip(*(column.tolist() for column in columns), strict=True)), key=lambda one: one.arrived
    )


def _rule(question: Question) -> Rule:
    """The question's rule as the index takes it."""
    least, linger = _in_milliseconds(question.rule)
    special = {point: _in_milliseconds(rule) for point, rule in question.rule.special.items()}
    return Rule(least, linger, question.latent // timedelta(milliseconds=1), special)


def _in_milliseconds(rule: OverlapRule) -> tuple[int, int]:
    return rule.least // MICROSECONDS, rule.linger // MICROSECONDS


def _longest(together: Sequence[tuple[int, timedelta]]) -> list[int]:
    """The residents longest together, in the order of the index."""
    sums: dict[int, timedelta] = {}
    for resident_id, length in together:
        sums[resident_id] = sums.get(resident_id, timedelta()) + length
    return sorted(sums, key=lambda one: (-sums[one], one))[:MOST_SECOND]
