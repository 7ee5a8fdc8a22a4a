"""Numbers of people, phones and cards: their shapes, check digits, and what is odd about them."""

import re
import secrets
from datetime import date
from typing import Literal

Sex = Literal["female", "male"]

_NOT_DIGITS = re.compile(r"[\s.\-()]+")

# Ministry of Information and Communications: the eleven-digit mobile prefixes and what each became on 15 Sep 2018.
_PREFIX_2018 = {
    "0120": "070", "0121": "079", "0122": "077", "0126": "076", "0128": "078",
    "0123": "083", "0124": "084", "0125": "085", "0127": "081", "0129": "082",
    "0162": "032", "0163": "033", "0164": "034", "0165": "035", "0166": "036",
    "0167": "037", "0168": "038", "0169": "039", "0186": "056", "0188": "058", "0199": "059",
}  # fmt: skip
_PHONE = re.compile(r"0[235789]\d{8,9}")


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
    doubts = []
    birth_year = born.year if isinstance(born, date) else born
    if birth_year is not None and birth_year != century * 100 + year:
        doubts.append("id_number_year")
    if sex is not None and is_female != (sex == "female"):
        doubts.append("id_number_sex")
    return doubts


def modern_phone(text: str) -> str | None:
    """The number as dialled today (`0…`), or None if it is no Vietnamese number; old mobiles are brought over."""
    number = digits_of(text).removeprefix("+")
    if number.startswith("84"):
        number = "0" + number[2:]
    if len(number) == 9 and number[0] in "35789":  # a spreadsheet ate the leading zero
        number = "0" + number
    if len(number) == 11 and number[:4] in _PREFIX_2018:
        number = _PREFIX_2018[number[:4]] + number[4:]
    is_mobile_of_wrong_length = number[:2] != "02" and len(number) != 10
    return number if _PHONE.fullmatch(number) and not is_mobile_of_wrong_length else None


def card_number(payload: int) -> str:
    """The 12 printed digits: ten of payload and two check digits of ISO 7064 MOD 97-10."""
    return f"{payload:010d}{98 - payload * 100 % 97:02d}"


def is_card_number(number: str) -> bool:
    return len(number) == 12 and number.isascii() and number.isdigit() and int(number) % 97 == 1


def random_card_number() -> str:
    """A number that tells nothing about the card; whether it is free is for the cards room to see."""
    return card_number(secrets.randbelow(10**10))
