"""Keeps the reporting schema in step with cards and residents, and takes its figures out as files."""

from dataclasses import dataclass
from datetime import date, datetime
from time import perf_counter
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope
from ksdb.coverage.exporting import Part, headings, percent, rows
from ksdb.coverage.models import Run
from ksdb.coverage.queries import Asked, Report, coverage_at, coverage_of, freshness
from ksdb.coverage.words import BASIS_LABELS
from ksdb.postgres.named import sql
from ksdb.web.exporting import FileKind, Table, Written, write_table

ROOM = "ksdb.coverage"
MOST_AT_ONCE: Final = 20_000
"""Changes taken by one statement: it holds its rows in memory."""
TOO_MANY: Final = 100_000
"""Beyond this many waiting changes a recount is quicker, as after the first import."""


@dataclass(frozen=True)
class Page:
    """Which page's figures: of a division, or of the jurisdiction on a day, told as asked."""

    division_id: int | None
    on: date
    asked: Asked


def report_on(scope: Scope, page: Page) -> Report:
    """What the page shows. Raises NotFound outside the jurisdiction."""
    if page.division_id is None:
        return coverage_at(scope, page.on, page.asked)
    return coverage_of(scope, page.division_id, page.asked)


@transaction.atomic
def export_coverage(scope: Scope, page: Page, part: Part, kind: FileKind) -> Written:
    """One table of a coverage page as a file; audited. No person is in it. Raises NotFound outside the jurisdiction."""
    report = report_on(scope, page)
    found = rows(report, part)
    facts = _facts(scope, report)
    written = write_table(Table(gettext("Coverage"), headings(part), found, len(found), facts), kind)
    detail = {
        "part": part.value,
        "basis": report.asked.basis.value,
        "rows": written.count,
        "sha256": written.sha256,
        "file": kind.suffix,
    }
    record(scope, "coverage:figures:export", ("division", report.of.pk) if report.of else None, detail=detail)
    return written


def _facts(scope: Scope, report: Report) -> list[tuple[str, str]]:
    """What stands beside the count at the end of the file: of what, by which denominator, as of when."""
    as_of = freshness(scope).as_of
    of, whole = report.of, report.share.whole
    total = f"{report.share.part} / {'' if whole is None else whole} ({percent(report.share.part, whole)} %)"
    return [
        (gettext("Division"), f"{of.name} ({of.code}, {of.valid_from.isoformat()})" if of else ""),
        (gettext("Total"), total),
        (gettext("Share of"), str(BASIS_LABELS[report.asked.basis])),
        (gettext("Source"), report.source.name if report.source else ""),
        (gettext("As of"), f"{as_of:%Y-%m-%dT%H:%M:%SZ}" if as_of else ""),
        (gettext("Account"), str(scope.actor_id)),
    ]


def refresh(scope: Scope) -> Run:
    """Counts whoever has changed since the last time, or everybody if nobody was ever counted."""
    if not scope.is_system:
        raise NotAllowed
    if not Run.objects.filter(kind=Run.Kind.REBUILD).exists():
        return rebuild(scope)
    started, people = perf_counter(), 0
    if _one("waiting_changes") > TOO_MANY:
        people = _recounted()
    while True:
        with transaction.atomic():
            _lock()
            moment = now()
            taken, counted = _taken(moment)
        people += counted
        if taken < MOST_AT_ONCE:
            break
    run, _ = Run.objects.update_or_create(
        kind=Run.Kind.REFRESH, defaults={"as_of": moment, "took_ms": _ms_since(started), "people": people}
    )
    return run


@transaction.atomic
def rebuild(scope: Scope) -> Run:
    """Recounts everything and says how far the sums had drifted; writes them anew only where they had."""
    if not scope.is_system:
        raise NotAllowed
    started = perf_counter()
    _lock()
    moment = now()
    is_first = not Run.objects.filter(kind=Run.Kind.REBUILD).exists()
    if not is_first:
        while _taken(moment)[0] == MOST_AT_ONCE:
            pass
    drifted, aged = (0, 0) if is_first else _drift(moment)
    if is_first:
        _forget_changes()
    if is_first or drifted or aged:
        _refill(moment)
    people = _one("counted_people")
    return Run.objects.create(
        kind=Run.Kind.REBUILD, as_of=moment, took_ms=_ms_since(started), people=people, drifted=drifted
    )


@transaction.atomic
def _recounted() -> int:
    """Counts everybody, and forgets who had changed before that."""
    _lock()
    _forget_changes()
    _refill(now())
    return _one("counted_people")


def _forget_changes() -> None:
    """Only before a later statement counts everybody: it then sees whatever these changes told of."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "forget_changes"))


def _lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "lock_coverage"))


def _taken(moment: datetime) -> tuple[int, int]:
    """How many changes were taken, and how many residents they and the run-out cards made."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "refresh"), {"moment": moment, "most": MOST_AT_ONCE})
        taken, people = cursor.fetchone()
    return int(taken), int(people)


def _drift(moment: datetime) -> tuple[int, int]:
    """Residents, or rows of the sums, that a recount finds otherwise; and residents of another age band."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "drifted"), {"moment": moment})
        people, aged = cursor.fetchone()
    return int(people) or _one("sums_differ"), int(aged)


def _refill(moment: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "clear"))
        cursor.execute(sql(ROOM, "fill_people"), {"moment": moment})
        cursor.execute(sql(ROOM, "fill_sums"))
        cursor.execute(sql(ROOM, "fill_days"))


def _one(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, name))
        return int(cursor.fetchone()[0])


def _ms_since(started: float) -> int:
    return int((perf_counter() - started) * 1000)
