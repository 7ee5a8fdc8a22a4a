"""Dates of birth as wards write them."""

import re
from datetime import date, datetime

import msgspec

from ksdb.registry.headings import Cell
from ksdb.registry.problems import Code

OLDEST_YEARS = 120

_WRITTEN = re.compile(r"(?:(?:(\d{1,2})\s*[/.\-]\s*)?(\d{1,2})\s*[/.\-]\s*)?(\d{4})")
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T]00:00(?::00)?)?")


class Birth(msgspec.Struct, frozen=True):
    """A year, and the day where it is known."""

    year: int
    on: date | None = None


def read_birth(cell: Cell, today: date) -> Birth | Code:
    """The date of birth, or what is wrong with it. A year, a month of a year, or 00/00/year give the year alone."""
    if cell == "":
        return Code.BIRTH_MISSING
    found = _dated(cell)
    if isinstance(found, Code):
        return found
    if found.year > today.year or (found.on and found.on > today):
        return Code.BIRTH_FUTURE
    return found if found.year >= today.year - OLDEST_YEARS else Code.BIRTH_TOO_EARLY


def _dated(cell: Cell) -> Birth | Code:
    if isinstance(cell, datetime):
        return Birth(cell.year, cell.date())
    if isinstance(cell, date):
        return Birth(cell.year, cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool) and 1000 <= cell <= 9999 and cell == int(cell):
        return Birth(int(cell))
    return _of_text(cell.strip()) if isinstance(cell, str) else Code.BIRTH_UNREADABLE


def _of_text(text: str) -> Birth | Code:
    if iso := _ISO.fullmatch(text):
        return _of_parts(int(iso[3]), int(iso[2]), int(iso[1]))
    if written := _WRITTEN.fullmatch(text):
        return _of_parts(int(written[1] or 0), int(written[2] or 0), int(written[3]))
    return Code.BIRTH_UNREADABLE if text else Code.BIRTH_MISSING


def _of_parts(day: int, month: int, year: int) -> Birth | Code:
    if month > 12:
        return Code.BIRTH_SWAPPED if 1 <= day <= 12 and month <= 31 else Code.BIRTH_IMPOSSIBLE
    if not day or not month:
        return Birth(year) if year else Code.BIRTH_IMPOSSIBLE
    try:
        return Birth(year, date(year, month, day))
    except ValueError:
        return Code.BIRTH_IMPOSSIBLE
