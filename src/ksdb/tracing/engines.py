"""Which engine answers a trace: the presence index where it can, SQL everywhere. Both mean the same."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from ksdb.core.copresence import OverlapRule
from ksdb.core.stay import Stay
from ksdb.tracing.exposures import (
    CaseStays,
    Exposure,
    Found,
    Period,
    find,
    find_second,
    unverified_at,
)
from ksdb.tracing.presence.index import Index, Rule, Second
from ksdb.tracing.presence.opening import Opened, open_index
from ksdb.tracing.presence.reading import instant, milliseconds
from ksdb.tracing.presence.walk import Asked, Meetings

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
    # The scans of several records are put in order by SQL alone, and the index knows stays, not scans.
    by_stays = len(question.records) == 1 and not question.rule.window
    opened = open_index() if by_stays else None
    if opened is None:
        return Answer(by_sql(question), "sql")
    return Answer(by_index(question, opened), "index", opened.horizon)


def by_sql(question: Question) -> Found:
    found = find(question.records, question.infectious, question.rule)
    if question.generations > 1:
        latent = question.latent // timedelta(microseconds=1)
        found = find_second(found, question.records, (latent, question.until), question.rule)
        kept = set(_longest([(one.resident_id, one.ended_at - one.started_at) for one in found.second]))
        found = replace(found, second=[one for one in found.second if one.resident_id in kept])
    return found


def by_index(question: Question, opened: Opened) -> Found:
    index, rule = opened.index, _rule(question)
    case = np.array(question.records, np.int32)
    span = [(milliseconds(question.infectious[0]), milliseconds(question.infectious[1]))]
    asked = index.asked(case, span, rule)
    if not asked.who.size:
        return Found()
    met = index.meetings(asked, rule)
    stays = _as_stays(asked, rule)
    usual = {stay.point: int(index.usual[stay.point]) * MICROSECONDS for stay in stays}
    unverified = unverified_at(CaseStays(list(question.records), stays, usual).asked(question.rule))
    found = Found(stays, exposures_in(asked, met, is_first=True), unverified)
    return _with_second(found, index, question) if question.generations > 1 and met.who.size else found


def _with_second(found: Found, index: Index, question: Question) -> Found:
    first: dict[int, int] = {}
    for one in found.exposures:
        at = milliseconds(one.started_at)
        first[one.resident_id] = min(at, first.get(one.resident_id, at))
    second, rule = second_of(index, question, first), _rule(question)
    residents = second.residents
    ranked = np.lexsort((residents, -second.together[residents]))[:MOST_SECOND]
    skipped = np.ones(index.residents, np.bool_)
    skipped[residents[ranked]] = False
    met = index.meetings(second.asked, rule, skipped)
    return replace(found, second=exposures_in(second.asked, met), second_count=int(residents.size))


def second_of(index: Index, question: Question, first: dict[int, int]) -> Second:
    """Everybody whom the first generation met after the first exposure of each, in milliseconds."""
    rule, numbers = _rule(question), np.array(sorted(first), np.int32)
    until = milliseconds(question.until)
    spans = [(first[int(number)] + rule.latent, until) for number in numbers]
    known = np.append(numbers, np.array(question.records)).astype(np.int32)
    return index.second(index.asked(numbers, spans, rule), known, rule)


def exposures_in(asked: Asked, met: Meetings, *, is_first: bool = False) -> list[Exposure]:
    """Co-presences as both engines give them, by resident and time."""
    order = np.lexsort((met.ended, asked.point[met.stay], met.started, met.who))
    columns = (met.who, asked.point[met.stay], met.started, met.ended, met.observed, asked.who[met.stay])
    return [
        Exposure(who, point, instant(started), instant(ended), observed, None if is_first else through)
        for who, point, started, ended, observed, through in zip(*(c[order].tolist() for c in columns), strict=True)
    ]


def _as_stays(asked: Asked, rule: Rule) -> list[Stay]:
    columns = (asked.point, asked.arrived * MICROSECONDS, (asked.until - rule.linger) * MICROSECONDS, asked.observed)
    return sorted(
        (Stay(*row) for row in zip(*(column.tolist() for column in columns), strict=True)), key=lambda one: one.arrived
    )


def _rule(question: Question) -> Rule:
    least, linger = question.rule.least // MICROSECONDS, question.rule.linger // MICROSECONDS
    return Rule(least, linger, question.latent // timedelta(milliseconds=1))


def _longest(together: Sequence[tuple[int, timedelta]]) -> list[int]:
    """The residents longest together, in the order of the index."""
    sums: dict[int, timedelta] = {}
    for resident_id, length in together:
        sums[resident_id] = sums.get(resident_id, timedelta()) + length
    return sorted(sums, key=lambda one: (-sums[one], one))[:MOST_SECOND]
