"""Numbers of people, phones and cards: their shapes, check digits, and what is odd about them."""

import re
import secrets
from datetime import date
from typing import Literal

import phonenumbers

Sex = Literal["female", "male"]

_NOT_DIGITS = re.compile(r"[\s.\-()]+")

# Ministry of Information and Communications: the eleven-digit mobile prefixes and what each became on 15 Sep 2018.
_PREFIX_2018 = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036",
    "0167": "037", "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip

# The first three digits of an ID number: the province of birth registration (Circular 07/2016/TT-BCA).
PROVINCES = frozenset(f"{number:03d}" for number in (
    1, 2, 4, 6, 8, 10, 11, 12, 14, 15, 17, 19, 20, 22, 24, 25, 26, 27, 30, 31, 33,
    34, 35, 36, 37, 38, 40, 42, 44, 45, 46, 48, 49, 51, 52, 54, 56, 58, 60, 62, 64, 66,
    67, 68, 70, 72, 74, 75, 77, 79, 80, 82, 83, 84, 86, 87, 89, 91, 92, 93, 94, 95, 96,
))  # fmt: skip

REGION = "VN"
_PLAN = phonenumbers.PhoneMetadata.metadata_for_region(REGION)
assert _PLAN is not None and _PLAN.mobile is not None  # noqa: S101, PT018 - the library knows the country
COUNTRY = _PLAN.country_code
_MOBILE = re.compile(f"0(?:{_PLAN.mobile.national_number_pattern})")


def digits_of(text: str) -> str:
    """The text without the spaces, dots and dashes that people put between digits."""
    return _NOT_DIGITS.sub("", text)


def is_id_number(number: str) -> bool:
    """True for the 12 digits of a citizen identity card and the 9 digits of the older people's identity card."""
    return number.isascii() and number.isdigit() and len(number) in {9, 12}


def id_number_doubts(number: str, born: date | int | None, sex: Sex | None) -> list[str]:
    """What in a 12-digit number disagrees with the person; such numbers exist, so this warns and never rejects.

    The fourth digit tells century and sex (0 male, 1 female for 19xx; 2, 3 for 20xx), the next two the birth year
    (Circular 59/2021/TT-BCA).
    """
    if len(number) != 12:
        return []
    century, is_female, year = 19 + int(number[3]) // 2, int(number[3]) % 2 == 1, int(number[4:6])
    doubts = [] if number[:3] in PROVINCES else ["id_number_province"]
    birth_year = born.year if isinstance(born, date) else born
    if birth_year is not None and birth_year != century * 100 + year:
        doubts.append("id_number_year")
    if sex is not None and is_female != (sex == "female"):
        doubts.append("id_number_sex")
    return doubts


def modern_phone(text: str) -> str | None:
    """The number as dialled today, or None if it is none: `0…` for Vietnam, `+…` for another country.

    A mobile of eleven digits is brought over to its ten. The library takes 50 µs for a number; its own pattern for
    mobiles of Vietnam, which nearly all are, takes one.
    """
    number = digits_of(text)
    if number.startswith("+") and not number.startswith("+84"):
        return _as_dialled(number)
    number = number.removeprefix("+")
    if number.startswith("84") and len(number) > 10:
        number = "0" + number[2:]
    if len(number) == 9 and number[0] in "35789":  # a spreadsheet ate the leading zero
        number = "0" + number
    if len(number) == 11 and number[:4] in _PREFIX_2018:
        number = _PREFIX_2018[number[:4]] + number[4:]
    return number if _MOBILE.fullmatch(number) and number.isascii() else _as_dialled(number)


def _as_dialled(number: str) -> str | None:
    if not number.isascii() or not number.removeprefix("+").isdigit():
        return None
    try:
        found = phonenumbers.parse(number, REGION)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(found):
        return None
    if found.country_code != COUNTRY:
        return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164)
    return f"0{phonenumbers.national_significant_number(found)}"


def card_number(payload: int) -> str:
    """The 12 printed digits: ten of payload and two check digits of ISO 7064 MOD 97-10."""
    return f"{payload:010d}{98 - payload * 100 % 97:02d}"


def is_card_number(number: str) -> bool:
    return len(number) == 12 and number.isascii() and number.isdigit() and int(number) % 97 == 1


def random_card_number() -> str:
    """A number that tells nothing about the card; whether it is free is for the cards room to see."""
    return card_number(secrets.randbelow(10**10))
