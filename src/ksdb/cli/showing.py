"""What the pages show, for a terminal: the contacts of a trace, and coverage as the newspaper printed it."""

from datetime import datetime

from rich.console import Console
from rich.table import Table

from ksdb.core.clock import ZONE
from ksdb.core.scope import Scope
from ksdb.coverage.counts import Basis, Share
from ksdb.coverage.queries import Asked, coverage_of
from ksdb.simulation.queries import division_named
from ksdb.tracing.queries import trace_report
from ksdb.tracing.report import Report, Row

SHOWN = 15
PLACES = 3


def show_trace(console: Console, scope: Scope, trace_id: int) -> None:
    """The first contacts of a trace, with what the trace cannot see said above them."""
    report = trace_report(scope, trace_id, SHOWN)
    console.print(_headline(report))
    table = Table(title=f"The {len(report.rows)} contacts longest together with the case, of {report.contacts:,}")
    table.expand = True
    for heading, width in (("#", 2), ("min.", 4), ("gen.", 4), ("first", 11)):
        table.add_column(heading, justify="right", width=width, no_wrap=True)
    for heading, ratio in (("who, born", 3), ("commune", 2), ("where", 3)):
        table.add_column(heading, ratio=ratio, no_wrap=True, overflow="ellipsis")
    for row in report.rows:
        table.add_row(*_cells(row))
    console.print(table)


def _headline(report: Report) -> str:
    known, whole = report.completeness.covered, report.completeness.residents
    since, until = (_local(at) for at in report.period)
    return (
        f"Case {report.case_id}, infectious {since} to {until}, rule {report.rule_set}: {report.stays} stays, "
        f"{report.contacts:,} contacts in {report.duration_ms} ms.\n"
        f"This list is not complete: {known:,} of {whole:,} residents around the case's places hold an active card, "
        f"{report.completeness.unverified} scans there are of nobody known, places without a scan point are not seen."
    )


def _cells(row: Row) -> list[str]:
    places = ", ".join(row.places[:PLACES]) + (" …" if len(row.places) > PLACES else "")
    return [
        str(row.rank),
        str(row.minutes),
        str(row.generation),
        _local(row.first_at),
        f"{row.person.name or ''}, {row.person.birth_year or ''}",
        row.person.commune,
        places + ("" if row.is_observed else " (inferred)"),
    ]


def _local(at: datetime) -> str:
    return f"{at.astimezone(ZONE):%d/%m %H:%M}"


def show_coverage(console: Console, scope: Scope, district: str) -> None:
    """Active cards / residents / % by commune, beside the census."""
    town = division_named(scope, district)
    coverage, census = (coverage_of(scope, town.pk, Asked(basis)) for basis in (Basis.EVERYONE, Basis.CENSUS))
    table = Table("commune", title=f"Active cards in {town.name}")
    for heading in ("active cards", "residents", "%", "census 2019"):
        table.add_column(heading, justify="right")
    for row, beside in zip(coverage.rows, census.rows, strict=True):
        table.add_row(row.name, *_figures(row.share, beside.share))
    table.add_row("together", *_figures(coverage.share, census.share), style="bold")
    console.print(table)


def _figures(told: Share, census: Share) -> list[str]:
    share = "" if told.ratio is None else f"{told.ratio:.1%}"
    return [f"{told.part:,}", f"{told.whole:,}", share, "" if census.whole is None else f"{census.whole:,}"]
