"""The columns of a ward's list, and how its heading row is recognised among what stands above it."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import msgspec

from ksdb.core.errors import KsdbError
from ksdb.core.names import fold, stored_name

Cell = str | int | float | bool | date | datetime | time | timedelta

SEARCHED_ROWS = 15
"""How far down a heading is looked for: wards put the office, a title and a date above it."""


class Column(StrEnum):
    """What a column of a list can hold for us."""

    NAME = "name"
    BIRTH = "birth"
    SEX = "sex"
    ID_NUMBER = "id_number"
    OLD_ID_NUMBER = "old_id_number"
    PASSPORT = "passport"
    NATIONALITY = "nationality"
    GUARDIAN = "guardian_number"
    PHONE = "phone"
    HOUSEHOLD = "household"
    RELATION = "relation"
    GROUP = "group"
    ADDRESS = "address"
    COMMUNE = "commune"


REQUIRED = (Column.NAME, Column.BIRTH, Column.GROUP)

# Folded, without marks or signs. Of a heading like "Số CCCD/CMND" the whole or its first part must stand here.
_SYNONYMS: Mapping[Column, str] = {
    Column.NAME: "ho va ten|ho ten|ho va ten khai sinh|ho chu dem va ten|ho ten cong dan|ten",
    Column.BIRTH: "ngay sinh|ngay thang nam sinh|nam sinh|ngay thang nam|sinh ngay",
    Column.SEX: "gioi tinh|gioi|phai",
    Column.ID_NUMBER: "so cccd|cccd|so cmnd|cmnd|so dinh danh|so dinh danh ca nhan|ma dinh danh|can cuoc cong dan"
    "|so can cuoc|so can cuoc cong dan|chung minh nhan dan|so giay to|so cc|so cmt|cmt",
    Column.OLD_ID_NUMBER: "so cmnd cu|cmnd cu|so cmnd 9 so|cmnd 9 so|so giay to cu|chung minh nhan dan cu|so cmt cu"
    "|cmt cu|so chung minh nhan dan cu|so can cuoc cu|cmnd truoc day|so cmnd truoc day",
    Column.PASSPORT: "ho chieu|so ho chieu|passport|so passport|ho chieu passport",
    Column.NATIONALITY: "quoc tich|nuoc cap|nuoc cap ho chieu|quoc gia",
    Column.GUARDIAN: "cccd nguoi giam ho|so cccd nguoi giam ho|so cccd cua nguoi giam ho|so dinh danh nguoi giam ho"
    "|cccd cmnd nguoi giam ho|so cccd cmnd nguoi giam ho|cmnd nguoi giam ho|so cmnd nguoi giam ho|cccd cha me"
    "|so cccd cha me|cccd cha hoac me|so cccd cha hoac me|cccd nguoi dai dien|so cccd nguoi dai dien"
    "|giay to nguoi giam ho",
    Column.PHONE: "so dien thoai|dien thoai|sdt|so dt|dt|dien thoai lien he|so dien thoai lien he",
    Column.HOUSEHOLD: "so ho|so so ho khau|ho so|so ho khau|so so ho|ma ho|ma so ho|ho so ho khau",
    Column.RELATION: "quan he voi chu ho|quan he|quan he chu ho|qh voi chu ho",
    Column.GROUP: "to dan pho|thon|to|tdp|thon to|to dan pho thon|thon to dan pho|khu pho|khu vuc|ban|lang",
    Column.ADDRESS: "dia chi|dia chi thuong tru|noi thuong tru|noi o hien tai|dia chi hien tai|so nha|cho o hien nay",
    Column.COMMUNE: "phuong|xa|phuong xa|xa phuong|thi tran|phuong xa thi tran|xa phuong thi tran",
}
_COLUMNS = {name: column for column, names in _SYNONYMS.items() for name in names.split("|")}
_OLDER = frozenset({"so cmnd", "cmnd", "so cmt", "cmt", "chung minh nhan dan", "so chung minh nhan dan"})
ADDED = frozenset({"dong", "loi can sua", "canh bao"})
"""What a correction file adds behind the columns of the list."""
_LEFT_ASIDE = frozenset({"stt", "tt", "so tt", "so thu tu", "ghi chu"}) | ADDED
_PARENTHESES = re.compile(r"\([^)]*\)?")
_SIGNS = re.compile(r"[^a-z0-9/]+")


class HeadingMissing(KsdbError):
    """The list lacks a column that is needed. Name the columns as in the sample file, then upload the list again."""

    code = "heading_missing"
    status = 422

    def __init__(self, missing: Sequence[Column], found: Sequence[str]) -> None:
        super().__init__(self.sentence())
        self.missing, self.found = tuple(missing), tuple(found)


class HeadingNotFound(KsdbError):
    """No heading was found in the first 15 rows. Give each column its name as in the sample file, then upload again."""

    code = "heading_not_found"
    status = 422


class Heading(msgspec.Struct, frozen=True):
    """A recognised heading row: where each column stands, and all of its texts. `row` counts from 0."""

    row: int
    texts: tuple[str, ...]
    positions: Mapping[Column, int]

    def require(self, columns: Iterable[Column]) -> None:
        """Raises HeadingMissing when the list cannot be read without a column it lacks."""
        if missing := [column for column in columns if column not in self.positions]:
            raise HeadingMissing(missing, [text for text in self.texts if text])

    def is_repeated_in(self, cells: Sequence[Cell]) -> bool:
        """Whether the row is the heading again, as at the top of each printed page."""
        place = self.positions.get(Column.NAME)
        return place is not None and place < len(cells) and str(cells[place]).strip() == self.texts[place]


def column_of(heading: Cell) -> Column | None:
    """The column that a heading cell names, in any usual wording, with or without marks."""
    if not isinstance(heading, str) or len(heading) > 80:
        return None
    folded = fold(heading)
    text = _SIGNS.sub(" ", _PARENTHESES.sub("", folded))
    return _COLUMNS.get(_words(folded)) or _COLUMNS.get(_words(text)) or _COLUMNS.get(_words(text.split("/")[0]))


def _words(folded: str) -> str:
    return " ".join(_SIGNS.sub(" ", folded).replace("/", " ").split())


def is_left_aside(heading: str) -> bool:
    """Whether nobody need be asked about the column: a serial number, a note, what a correction file adds."""
    return not heading or fold(heading) in _LEFT_ASIDE


def find_heading(rows: Iterable[Sequence[Cell]]) -> Heading | None:
    """The row that names most columns, at least two, among the first rows of a sheet."""
    found = [heading_at(number, cells) for number, cells in zip(range(SEARCHED_ROWS), rows, strict=False)]
    best = max(found, key=lambda heading: len(heading.positions), default=None)
    return best if best and len(best.positions) >= 2 else None


def guessed_heading(rows: Iterable[Sequence[Cell]]) -> Heading | None:
    """The first row of a sheet with most texts, at least two: where no heading is recognised, this may be it."""
    found = [heading_at(number, cells) for number, cells in zip(range(SEARCHED_ROWS), rows, strict=False)]
    best = max(found, key=lambda heading: sum(map(bool, heading.texts)), default=None)
    return best if best and sum(map(bool, best.texts)) >= 2 else None


def heading_at(row: int, cells: Sequence[Cell]) -> Heading:
    positions: dict[Column, int] = {}
    numbers: list[int] = []
    for place, cell in enumerate(cells):
        if column := column_of(cell):
            positions.setdefault(column, place)
            numbers += [place] if column is Column.ID_NUMBER else []
    texts = tuple(str(cell).strip() for cell in cells)
    return Heading(row, texts, positions | _two_numbers(texts, numbers, positions))


def _two_numbers(texts: Sequence[str], numbers: Sequence[int], positions: Mapping[Column, int]) -> dict[Column, int]:
    """Where a list has a CMND beside a CCCD, the CMND is the old number."""
    older = [place for place in numbers if _words(fold(texts[place])) in _OLDER]
    newer = [place for place in numbers if place not in older]
    if Column.OLD_ID_NUMBER in positions or not older or not newer:
        return {}
    return {Column.OLD_ID_NUMBER: older[0], Column.ID_NUMBER: newer[0]}


def plain(cell: Cell) -> str:
    """The cell as a person would type it: whole numbers without a fraction, days as dd/mm/yyyy, no invisible marks."""
    if isinstance(cell, str):
        return " ".join(cell.split()) if cell.isascii() and cell.isprintable() else _visible(cell)
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else str(cell)
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    return str(cell)


def _visible(text: str) -> str:
    spaced = stored_name(text)
    return spaced if spaced.isprintable() else "".join(c for c in spaced if c.isprintable()).strip()
