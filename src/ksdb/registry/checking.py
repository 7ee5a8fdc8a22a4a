"""One raw row is checked: a row that can be registered, or problems that keep it out. Knows no database."""

import re
from collections.abc import Mapping
from datetime import date, time, timedelta

import msgspec

from ksdb.core import ids
from ksdb.core.names import fold, search_key, sort_key
from ksdb.registry.births import Birth, read_birth
from ksdb.registry.communes import Commune, Communes, group_name
from ksdb.registry.countries import country_code
from ksdb.registry.headings import Cell, Column, Heading, plain
from ksdb.registry.problems import REJECTIONS, Code, Problem
from ksdb.registry.workbooks import RawRow

LONGEST_NAME, LONGEST_SORT_KEY = 120, 260
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’.\-])*")
_SEXES: Mapping[str, ids.Sex] = {"nam": "male", "nu": "female", "trai": "male", "gai": "female"}
_PASSPORT = re.compile(r"[A-Z]{1,2} ?\d{6,8}")
_PASSPORT_NUMBER = re.compile(r"(?=.*[0-9])[A-Z0-9]{5,20}")
_OLD_DIGITS = 9
_DASHES = frozenset("-–—")
_LIMITS = {Column.ADDRESS: 200, Column.RELATION: 40, Column.HOUSEHOLD: 40, Column.GROUP: 100, Column.COMMUNE: 120}
_CUT = {Column.ADDRESS: Code.ADDRESS_TOO_LONG, Column.RELATION: Code.RELATION_TOO_LONG}


class CheckedRow(msgspec.Struct, frozen=True):
    """A row that is right in itself. Texts are as they will be stored; "" is what the list does not say."""

    row: int
    name: str
    search_key: str
    sort_key: str
    birth: Birth
    sex: ids.Sex | None
    id_number: str
    phone: str
    household: str
    relation: str
    group: str
    address: str
    commune: Commune
    old_id_number: str = ""
    passport: str = ""
    nationality: str = ""
    guardian_number: str = ""


class Checker:
    """Checks the rows of one list."""

    def __init__(self, heading: Heading, communes: Communes, today: date) -> None:
        self._places = heading.positions
        self._communes = communes
        self._today = today

    def check(self, raw: RawRow) -> tuple[CheckedRow | None, list[Problem]]:
        """The row if it can be registered, and what is wrong or odd about it."""
        return _RowCheck(raw, self._places, self._communes).result(self._today)


class _RowCheck:
    """The row under check, and what has been found so far."""

    def __init__(self, raw: RawRow, places: Mapping[Column, int], communes: Communes) -> None:
        self._raw, self._places, self._communes = raw, places, communes
        self._problems: list[Problem] = []

    def result(self, today: date) -> tuple[CheckedRow | None, list[Problem]]:
        self._note_empty_cells()
        (name, order), birth, sex = self._name(), self._birth(today), self._sex()
        commune = self._commune()
        group, address = self._group(commune), self._text(Column.ADDRESS)
        number, passport, nationality = self._paper(birth, sex)
        row = CheckedRow(
            row=self._raw.number,
            name=name,
            search_key=search_key(name),
            sort_key=order,
            birth=birth,
            sex=sex,
            id_number=number,
            phone=self._phone(),
            household=self._household(address),
            relation=self._text(Column.RELATION),
            group=group,
            address=address,
            commune=commune,
            old_id_number=self._old_number(number),
            passport=passport,
            nationality=nationality,
            guardian_number=self._guardian(),
        )
        if any(problem.code in REJECTIONS for problem in self._problems):
            return None, self._problems
        return row, self._problems

    def _say(self, column: Column, code: Code) -> None:
        self._problems.append(Problem(self._raw.number, column, code))

    def _note_empty_cells(self) -> None:
        if self._raw.notes:
            for column, place in self._places.items():
                if place in self._raw.notes:
                    self._say(column, self._raw.notes[place])

    def _cell(self, column: Column) -> Cell:
        place = self._places.get(column)
        return self._raw.cells[place] if place is not None and place < len(self._raw.cells) else ""

    def _is_noted(self, column: Column) -> bool:
        return bool(self._raw.notes) and self._places.get(column) in self._raw.notes

    def _text(self, column: Column) -> str:
        """The cell's text on one line. Says so where it is no text, looks like a formula, or is too long."""
        cell = self._cell(column)
        if cell == "":
            return ""
        if isinstance(cell, bool | date | time | timedelta):
            self._say(column, Code.NOT_TEXT)
            return ""
        text = plain(cell)
        if text in _DASHES:
            return ""
        if text[:1] in "=+-@" and text:
            self._say(column, Code.FORMULA_TEXT)
        limit = _LIMITS.get(column, 1000)
        if len(text) > limit:
            self._say(column, _CUT.get(column, Code.TEXT_TOO_LONG))
        return text[:limit]

    def _name(self) -> tuple[str, str]:
        """The name and its sort key."""
        name = self._text(Column.NAME)
        order = sort_key(name)
        if not name:
            if not self._is_noted(Column.NAME):
                self._say(Column.NAME, Code.NAME_MISSING)
        elif len(name) > LONGEST_NAME or len(order) > LONGEST_SORT_KEY:
            self._say(Column.NAME, Code.NAME_TOO_LONG)
        elif not _NAME.fullmatch(name) and name[0] not in "=+-@":
            self._say(Column.NAME, Code.NAME_LETTERS)
        return name, order

    def _birth(self, today: date) -> Birth:
        found = read_birth(self._cell(Column.BIRTH), today)
        if isinstance(found, Birth):
            return found
        if not (found is Code.BIRTH_MISSING and self._is_noted(Column.BIRTH)):
            self._say(Column.BIRTH, found)
        return Birth(0)

    def _sex(self) -> ids.Sex | None:
        text = self._text(Column.SEX)
        sex = _SEXES.get(fold(text))
        if text and not sex:
            self._say(Column.SEX, Code.SEX_NOT_TAKEN)
        return sex

    def _paper(self, birth: Birth, sex: ids.Sex | None) -> tuple[str, str, str]:
        """ID number, passport and its country: the one or the other, as one record holds one paper."""
        text, column = plain(self._cell(Column.ID_NUMBER)), Column.ID_NUMBER
        number = ""
        if not _PASSPORT.fullmatch(text):
            number = self._id_number(birth, sex)
            text, column = self._text(Column.PASSPORT), Column.PASSPORT
        if not text:
            return number, "", ""
        passport = "".join(character for character in text.upper() if character.isalnum())
        country = country_code(self._text(Column.NATIONALITY))
        if number:
            self._say(column, Code.PASSPORT_BESIDE_NUMBER)
        elif not _PASSPORT_NUMBER.fullmatch(passport):
            self._say(column, Code.PASSPORT_WRONG)
        elif not country:
            self._say(column, Code.PASSPORT_NOT_TAKEN)
        else:
            return "", passport, country
        return number, "", ""

    def _old_number(self, number: str) -> str:
        """The nine digits from before, unless the list says them as the number of today."""
        old = self._digits(Column.OLD_ID_NUMBER)
        if len(old) == _OLD_DIGITS - 1 and not isinstance(self._cell(Column.OLD_ID_NUMBER), str):
            old = old.zfill(_OLD_DIGITS)
            self._say(Column.OLD_ID_NUMBER, Code.ID_NUMBER_RESTORED)
        if old and not (len(old) == _OLD_DIGITS and ids.is_id_number(old)):
            self._say(Column.OLD_ID_NUMBER, Code.OLD_ID_NUMBER_WRONG)
            return ""
        return "" if old == number else old

    def _guardian(self) -> str:
        number = self._digits(Column.GUARDIAN)
        if number and not ids.is_id_number(number):
            self._say(Column.GUARDIAN, Code.GUARDIAN_WRONG)
            return ""
        return number

    def _digits(self, column: Column) -> str:
        cell = self._cell(column)
        text = "" if cell == "" else plain(cell)
        return "" if text in _DASHES else ids.digits_of(text)

    def _id_number(self, birth: Birth, sex: ids.Sex | None) -> str:
        cell = self._cell(Column.ID_NUMBER)
        if cell == "" or plain(cell) in _DASHES:
            return ""
        number = ids.digits_of(plain(cell))
        if number and not ids.is_id_number(number):
            number = self._restored(number, birth, is_number=not isinstance(cell, str))
        for doubt in ids.id_number_doubts(number, birth.on or birth.year or None, sex) if number else ():
            self._say(Column.ID_NUMBER, Code(doubt))
        return number

    def _restored(self, number: str, birth: Birth, *, is_number: bool) -> str:
        """The number with the leading zeros that a spreadsheet ate; of a text we ask that the birth year agrees too."""
        whole = number.zfill(12)
        is_plausible = len(number) in {10, 11} and whole.isascii() and whole.isdigit() and whole[:3] in ids.PROVINCES
        if is_plausible and (is_number or not ids.id_number_doubts(whole, birth.year, None)):
            self._say(Column.ID_NUMBER, Code.ID_NUMBER_RESTORED)
            return whole
        self._say(Column.ID_NUMBER, Code.ID_NUMBER_WRONG)
        return ""

    def _phone(self) -> str:
        cell = self._cell(Column.PHONE)
        text = "" if cell == "" else plain(cell)
        if not text or text in _DASHES:
            return ""
        phone = ids.modern_phone(text)
        if phone is None:
            self._say(Column.PHONE, Code.PHONE_NOT_TAKEN)
            return ""
        digits = ids.digits_of(text)
        if len(digits) == 11 and digits.startswith("01"):
            self._say(Column.PHONE, Code.PHONE_CONVERTED)
        return phone

    def _household(self, address: str) -> str:
        number = self._text(Column.HOUSEHOLD)
        if not number and not address and not self._is_noted(Column.HOUSEHOLD):
            self._say(Column.HOUSEHOLD, Code.HOUSEHOLD_MISSING)
        return number

    def _commune(self) -> Commune:
        only = self._communes.only
        text = self._text(Column.COMMUNE)
        found = self._communes.named(text) if text else only
        if found is None:
            self._say(Column.COMMUNE, Code.COMMUNE_OUTSIDE if text else Code.COMMUNE_MISSING)
        return found or self._communes.all[0]

    def _group(self, commune: Commune) -> str:
        text = self._text(Column.GROUP)
        if not text and not self._is_noted(Column.GROUP):
            self._say(Column.GROUP, Code.GROUP_MISSING)
        return group_name(text, commune) if text else ""


def is_name(text: str) -> bool:
    """Whether the text can be the name of a person: letters, spaces, apostrophes, hyphens and dots, not too many."""
    return bool(_NAME.fullmatch(text)) and len(text) <= LONGEST_NAME and len(sort_key(text)) <= LONGEST_SORT_KEY
