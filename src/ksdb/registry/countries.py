"""Which country a list means: the three letters of a passport, or its Vietnamese name as wards write it."""

from collections.abc import Mapping

from ksdb.core.names import fold

# ISO 3166-1 alpha-3, as printed in passports. Folded names of those whose people live in or visit the province.
_CODES = """
ARG argentina|AUS uc, australia|AUT ao|BEL bi|BGD bangladesh|BGR bulgaria|BLR belarus|BRA brazil|CAN canada
CHE thuy si|CHN trung quoc, chnd trung hoa|CUB cuba|CZE sec, cong hoa sec|DEU duc, chlb duc|DNK dan mach|EGY ai cap
ESP tay ban nha|FIN phan lan|FRA phap|GBR anh, vuong quoc anh|GRC hy lap|HKG hong kong|HUN hungary|IDN indonesia
IND an do|IRL ireland, ai len|IRN iran|ISR israel|ITA y, italia|JPN nhat ban, nhat|KAZ kazakhstan|KHM campuchia
KOR han quoc|LAO lao, chdcnd lao|LKA sri lanka|MEX mexico|MMR myanmar, mien dien|MNG mong co|MYS malaysia
NGA nigeria|NLD ha lan|NOR na uy|NPL nepal|NZL new zealand|PAK pakistan|PHL philippines, philippin|POL ba lan
PRK trieu tien|PRT bo dao nha|ROU romania, rumani|RUS nga, lien bang nga|SGP singapore|SVK slovakia|SWE thuy dien
THA thai lan|TUR tho nhi ky|TWN dai loan|UKR ukraina, ucraina|USA my, hoa ky|VNM viet nam|ZAF nam phi
"""
_ENTRIES = [entry.split(" ", 1) for line in _CODES.strip().splitlines() for entry in line.split("|")]
_BY_NAME: Mapping[str, str] = {name: code for code, names in _ENTRIES for name in names.split(", ")}


def country_code(text: str) -> str:
    """The country's three letters; "" where the text names none that we know."""
    if len(text) == 3 and text.isascii() and text.isalpha() and text.isupper():
        return text
    return _BY_NAME.get(fold(text), "")
