"""The QR codes that people carry: the chip ID card's, and the personal code of decision 1405 of 2021.

Readers type like keyboards: an input method may garble letters, and some readers know no Vietnamese letters at all.
Digits arrive whole, so numbers and dates are taken, and what became of the letters is said.
"""

import re
from datetime import date
from enum import StrEnum

import msgspec

from ksdb.core.ids import Sex, digits_of, id_number_doubts, is_id_number
from ksdb.core.names import fold, stored_name

_OLDEST_YEAR = 1880
_DAY = re.compile(r"(\d{2})[/.\-]?(\d{2})[/.\-]?(\d{4})")
_YEAR = re.compile(r"(?:0{4})?(\d{4})")
_NAME = re.compile(r"[^\W\d_](?:[^\W\d_]|[ '’.\-])*")
_SEXES: dict[str, Sex] = {"nam": "male", "nu": "female"}


class CodeKind(StrEnum):
    """Which code it was."""

    CHIP_CARD = "chip_card"
    PERSONAL_QR = "personal_qr"


class Doubt(StrEnum):
    """What a person should look at before the fields are taken."""

    BIRTH = "birth"
    LETTERS = "letters"
    NUMBER = "number"
    SEX = "sex"


class IdCode(msgspec.Struct, frozen=True):
    """What a code says of its holder; "" and None where it says nothing. A birth may be a year alone."""

    kind: CodeKind
    id_number: str
    name: str
    birth_year: int | None = None
    born_on: date | None = None
    sex: Sex | None = None
    address: str = ""
    old_id_number: str = ""
    issued_on: date | None = None
    doubts: tuple[Doubt, ...] = ()


def read_id_code(text: str) -> IdCode | None:
    """The fields of a code, or None where the text is neither of the two."""
    fields = [field.strip() for field in stored_name(text).split("|")]
    if len(fields) >= 6 and _is_chip_card(fields):
        return _chip_card(fields)
    if len(fields) >= 4 and _is_personal(fields):
        return _personal(fields)
    return None


def _is_chip_card(fields: list[str]) -> bool:
    number, old = fields[0], fields[1]
    return len(number) == 12 and is_id_number(number) and (old == "" or is_id_number(old))


def _is_personal(fields: list[str]) -> bool:
    """An insurance card's code looks alike, but its name is in hexadecimal and it ends in `$`."""
    has_name = any(character.isalpha() for character in fields[1]) and not fields[-1].endswith("$")
    return bool(fields[0]) and has_name and _birth(fields[2]) != (None, None)


def _chip_card(fields: list[str]) -> IdCode:
    """`number|old number|name|birth|sex|address|issued`, and whatever newer cards add."""
    number, old, name, birth, sex_text, address = fields[:6]
    year, day = _birth(birth)
    told = _SEXES.get(fold(sex_text))
    sex = told or _sex_of(number)
    doubts = set(_doubts(number, day or year, sex, name, address))
    if told is None:
        doubts.add(Doubt.SEX)
    issued = _birth(fields[6])[1] if len(fields) > 6 else None
    return IdCode(CodeKind.CHIP_CARD, number, name, year, day, sex, address, old, issued, tuple(sorted(doubts)))


def _personal(fields: list[str]) -> IdCode:
    """`number of a paper|name|birth|kind of paper|the code's own number|more`."""
    number, name = digits_of(fields[0]), fields[1]
    year, day = _birth(fields[2])
    known = number if is_id_number(number) else ""
    sex = _sex_of(known) if len(known) == 12 else None
    doubts = set(_doubts(known, day or year, sex, name, ""))
    if not known:
        doubts.add(Doubt.NUMBER)
    return IdCode(CodeKind.PERSONAL_QR, known or fields[0], name, year, day, sex, doubts=tuple(sorted(doubts)))


def _sex_of(number: str) -> Sex:
    return "female" if int(number[3]) % 2 else "male"


def _doubts(number: str, born: date | int | None, sex: Sex | None, name: str, address: str) -> list[Doubt]:
    said = id_number_doubts(number, born, sex)
    doubts = [Doubt.NUMBER] if said else []
    doubts += [Doubt.BIRTH] if born is None else []
    return doubts + ([Doubt.LETTERS] if looks_garbled(name) or "\ufffd" in address or "?" in address else [])


def looks_garbled(name: str) -> bool:
    """Whether a reader or an input method may have spoilt the name: signs or digits in it, or no mark in any word.

    A few full names have none (Phan Kim Mai): it is a doubt, and never more.
    """
    return not _NAME.fullmatch(name) or (name.isascii() and " " in name)


def _birth(text: str) -> tuple[int | None, date | None]:
    """The year and the day of `ddmmyyyy`, `dd/mm/yyyy` or a year alone."""
    if whole := _DAY.fullmatch(text):
        try:
            day = date(int(whole[3]), int(whole[2]), int(whole[1]))
        except ValueError:
            pass
        else:
            return (day.year, day) if day.year >= _OLDEST_YEAR else (None, None)
    only = _YEAR.fullmatch(text)
    return (int(only[1]), None) if only and int(only[1]) >= _OLDEST_YEAR else (None, None)
