"""Two records field by field: what each says, and what differs. A field that one of them lacks differs in nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.template.defaultfilters import date as written_date
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.registry.queries import ResidentSheet

Cell = Sequence[tuple[str, bool]]
"""The words of a value, each with whether the other record's value lacks it."""
SEXES = {"female": _("female"), "male": _("male")}


@dataclass(frozen=True)
class Line:
    """One field of both records."""

    label: str | Promise
    cells: tuple[Cell, Cell]
    is_other: bool


def lines(one: ResidentSheet, other: ResidentSheet) -> list[Line]:
    """The fields that an officer compares. Of numbers the last digits are shown, and the whole numbers compared."""
    first, second = one.resident, other.resident
    return [
        _line(_("Full name"), first.full_name, second.full_name),
        _birth_line(one, other),
        _line(_("Sex"), str(SEXES.get(first.sex, "")), str(SEXES.get(second.sex, ""))),
        _number(_("ID number"), (one.id_number, first.id_number_key), (other.id_number, second.id_number_key)),
        *([_plain(_("ID number in a list"), one.claimed, other.claimed)] if one.claimed or other.claimed else []),
        _number(_("Phone"), (one.phone, first.phone_key), (other.phone, second.phone_key)),
        _line(_("Residential group"), _place(one), _place(other)),
        _line(_("Home address"), _address(one), _address(other)),
        _line(_("Household number"), _household(one), _household(other)),
        _plain(_("Registered at"), *(written_date(each.registered_at, "H:i j/n/Y") for each in (first, second))),
    ]


def _line(label: str | Promise, one: str, other: str) -> Line:
    is_other = bool(one and other and one != other)
    return Line(label, (_words(one, other, is_other), _words(other, one, is_other)), is_other)


def _words(said: str, beside: str, is_other: bool) -> Cell:
    there = set(beside.split())
    return [(word, is_other and word not in there) for word in said.split()]


def _number(label: str | Promise, one: tuple[str, object], other: tuple[str, object]) -> Line:
    keys = [bytes(key) for _, key in (one, other) if isinstance(key, bytes | memoryview)]
    is_other = len(keys) == 2 and keys[0] != keys[1]
    cells = [[(shown, is_other)] if shown else [] for shown, _ in (one, other)]
    return Line(label, (cells[0], cells[1]), is_other)


def _plain(label: str | Promise, one: str, other: str) -> Line:
    """Of what always differs nothing is marked."""
    return Line(label, ([(one, False)] if one else [], [(other, False)] if other else []), is_other=False)


def _birth_line(one: ResidentSheet, other: ResidentSheet) -> Line:
    """A year alone differs from a day in another year only."""
    said = (_birth(one), _birth(other))
    if one.resident.birth_year == other.resident.birth_year and not (one.resident.born_on and other.resident.born_on):
        return _plain(_("Date of birth"), *said)
    return _line(_("Date of birth"), *said)


def _birth(sheet: ResidentSheet) -> str:
    one = sheet.resident
    if one.born_on:
        return f"{one.born_on:%d/%m/%Y}"
    return f"{one.birth_year} {gettext('(only the year is known)')}"


def _place(sheet: ResidentSheet) -> str:
    one = sheet.resident
    return _joined((one.division.name, one.division.parent.name if one.division.parent else ""))


def _address(sheet: ResidentSheet) -> str:
    home = sheet.resident.household
    return home.address if home else ""


def _household(sheet: ResidentSheet) -> str:
    one = sheet.resident
    relation = f"({one.relation})" if one.relation else ""
    return " ".join(part for part in (one.household.book_number if one.household else "", relation) if part)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(part for part in parts if part)
