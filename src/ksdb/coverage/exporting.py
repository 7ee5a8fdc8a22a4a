"""The tables of a coverage page as rows of a file."""

from collections.abc import Sequence
from enum import StrEnum

from django.utils.translation import gettext

from ksdb.core.errors import KsdbError
from ksdb.coverage.queries import Report
from ksdb.web.exporting import Row as FileRow


class NoSuchTable(KsdbError):
    """There is no such table to take out. Go back to the page of coverage and choose one there."""

    code = "no_such_table"
    status = 422


class Part(StrEnum):
    """Which table of the page."""

    DIVISIONS = "divisions"
    AGES = "ages"
    DAYS = "days"


def percent(part: float, whole: float | None) -> str:
    """With one decimal and a point, as programmes read it; empty where there is no whole."""
    return f"{100 * part / whole:.1f}" if whole else ""


def headings(part: Part) -> Sequence[str]:
    active, share = gettext("Active cards"), gettext("Share, %")
    if part == Part.AGES:
        return (gettext("Age"), gettext("Sex"), active, gettext("In the count"), share)
    if part == Part.DAYS:
        return (gettext("Day"), gettext("In the count"), gettext("Card issued"), active, share)
    return (
        *(gettext("Code"), gettext("Division"), gettext("Valid from"), active, gettext("Residents"), share),
        *(gettext("Estimate"), gettext("Registered"), gettext("In the count"), gettext("Out of the count")),
        *(gettext("Card issued"), gettext("Electronic"), gettext("Paper"), gettext("Plastic")),
    )


def rows(report: Report, part: Part) -> list[FileRow]:
    return {Part.DIVISIONS: _divisions, Part.AGES: _ages, Part.DAYS: _days}[part](report)


def _divisions(report: Report) -> list[FileRow]:
    found: list[FileRow] = []
    for row in report.rows:
        of, whole, counts = row.division, row.share.whole, row.counts
        found.append(
            (
                *(of.code if of else "", row.name, of.valid_from.isoformat() if of else ""),
                *(row.share.part, "" if whole is None else whole, percent(row.share.part, whole)),
                gettext("yes") if row.is_estimate or row.of_share < 1 else "",
                *(int(counts.registered), int(counts.counted), int(counts.out), int(counts.issued)),
                *(int(counts.electronic), int(counts.paper), int(counts.plastic)),
            )
        )
    return found


def _ages(report: Report) -> list[FileRow]:
    sexes = (("female", gettext("Female")), ("male", gettext("Male")), ("together", gettext("Together")))
    return [
        (
            f"{band.since}+" if band.until is None else f"{band.since}–{band.until}",
            label,
            getattr(band, name).part,
            getattr(band, name).whole or 0,
            percent(getattr(band, name).part, getattr(band, name).whole),
        )
        for band in report.bands
        for name, label in sexes
    ]


def _days(report: Report) -> list[FileRow]:
    return [
        (one.on.isoformat(), int(one.counted), int(one.issued), int(one.active), percent(one.active, one.counted))
        for one in report.trend
    ]
