"""Line lists of others as cases: which column says what, and each row read or refused with a reason.

A list of pairs without days says who infected whom. Nothing is written here.
Days come as Excel days, as 2015-05-11, or as 11/5/2015; a row needs a label and a day of
sampling, for which the day of report, of diagnosis or of rash stands where there is no other, and at last the onset.
"""

import csv
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import BytesIO, StringIO
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from ksdb.core.errors import KsdbError
from ksdb.core.names import fold

MOST_ROWS: Final = 10_000
MOST_BYTES: Final = 8 * 2**20
MOST_UNPACKED: Final = 128 * 2**20
KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "label": ("id", "case_id", "case id", "label", "case", "to", "infectee", "ma ca", "ma so", "so ca", "ca benh"),
    "onset_on": ("dt_onset", "date_of_prodrome", "onset", "onset_on", "date of onset", "ngay khoi phat"),
    "sampled_on": (
        "sampled_on",
        "dt_sample",
        "sampling",
        "date of sampling",
        "dt_diag",
        "dt_report",
        "date_of_rash",
        "ngay lay mau",
        "ngay xet nghiem",
    ),
    "isolated_on": ("isolated_on", "isolation", "dt_isolation", "ngay cach ly"),
    "age": ("age", "tuoi"),
    "sex": ("sex", "gender", "gioi tinh", "gioi"),
    "place": ("place_infect", "place", "loc_hosp", "noi nhiem", "noi lay nhiem", "dia diem"),
    "person": ("card_number", "card number", "resident", "resident_id", "so the", "ma cu dan"),
    "infector": ("infector", "infected_by", "from", "nguon lay", "lay tu ca"),
}
"""Headings by which a column is known, folded; the first that a file has is taken."""
SEXES: Final = {"f": "female", "female": "female", "nu": "female", "m": "male", "male": "male", "nam": "male"}
NOTHING: Final = frozenset({"", "na", "n/a", "nan", "none", "null", "-", "?"})
LONGEST_LABEL: Final = 40
LONGEST_INFECTOR: Final = 200
BETWEEN: Final = ";"
"""Stands between the labels where a case may have been infected by one of several."""
ENDS: Final = "#"
"""So begins the last row of a list that was taken out here: how many rows it has, and their hash."""


class ListUnreadable(KsdbError):
    """The file is no Excel workbook and no CSV file with headings. Save the list again as .xlsx or .csv."""

    code = "list_unreadable"
    status = 422


class ListTooLong(KsdbError):
    """The list is longer than 10,000 rows or 8 MB. Divide it and bring the parts in one after the other."""

    code = "list_too_long"
    status = 413


@dataclass(frozen=True)
class ReadLine:
    """A row that can be brought in."""

    label: str
    onset_on: date | None
    sampled_on: date
    isolated_on: date | None
    age: int | None
    sex: str
    place: str
    infector: str
    person: str = ""


@dataclass(frozen=True)
class Pair:
    """Of two labels the first was infected by the second."""

    label: str
    infector: str


@dataclass(frozen=True)
class Refused:
    """A row that cannot: its number as a spreadsheet shows it, and the name of the field that is missing or wrong."""

    number: int
    wrong: str


@dataclass(frozen=True)
class ReadList:
    """What a file says: its headings, which of them was taken for what, rows read and rows refused."""

    headings: tuple[str, ...]
    columns: Mapping[str, str]
    lines: list[ReadLine] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    pairs: list[Pair] = field(default_factory=list)

    @property
    def is_of_pairs(self) -> bool:
        """Whether it says who infected whom and has no days: such a list ties cases that are known already."""
        return "infector" in self.columns and not {"onset_on", "sampled_on"} & self.columns.keys()

    @property
    def good(self) -> int:
        """How many rows can be brought in."""
        return len(self.lines) + len(self.pairs)

    @property
    def count(self) -> int:
        return self.good + len(self.refused)


def read_line_list(content: bytes, columns: Mapping[str, str] | None = None) -> ReadList:
    """A CSV or XLSX file as cases. `columns` names a heading for a field; the others are found by themselves.

    Raises ListUnreadable, ListTooLong.
    """
    if len(content) > MOST_BYTES:
        raise ListTooLong
    rows = _workbook(content) if content[:2] == b"PK" else _csv(content)
    if len(rows) < 2:
        raise ListUnreadable
    if len(rows) > MOST_ROWS + 1:
        raise ListTooLong
    headings = tuple(str(cell).strip() for cell in rows[0])
    chosen = _chosen(headings, columns or {})
    found = ReadList(headings, chosen)
    places = {name: headings.index(heading) for name, heading in chosen.items()}
    labels: set[str] = set()
    for number, row in enumerate(rows[1:], start=2):
        if not any(_said(cell) for cell in row) or _said(row[0]) == ENDS:
            continue
        said = {name: row[at] if at < len(row) else "" for name, at in places.items()}
        if found.is_of_pairs:
            _take_pair(found, number, said)
            continue
        line = _line(said)
        if isinstance(line, str) or line.label in labels:
            found.refused.append(Refused(number, line if isinstance(line, str) else "label"))
            continue
        labels.add(line.label)
        found.lines.append(line)
    return found


def _take_pair(found: ReadList, number: int, said: Mapping[str, Any]) -> None:
    label, infector = (_said(said.get(name)) for name in ("label", "infector"))
    if not label or len(label) > LONGEST_LABEL:
        found.refused.append(Refused(number, "label"))
    elif not infector or infector == label or len(infector) > LONGEST_LABEL:
        found.refused.append(Refused(number, "infector"))
    else:
        found.pairs.append(Pair(label, infector))


def _chosen(headings: Sequence[str], named: Mapping[str, str]) -> dict[str, str]:
    """The heading of each field: as named, else the first that is known by its words."""
    folded = {fold(heading): heading for heading in reversed(headings)}
    chosen = {}
    for name, words in KNOWN.items():
        wanted = [fold(named[name])] if named.get(name) else list(words)
        heading = next((folded[word] for word in wanted if word in folded), None)
        if heading is not None:
            chosen[name] = heading
    return chosen


def _line(said: Mapping[str, Any]) -> ReadLine | str:
    """The line, or the name of the field for which it is refused."""
    label = _said(said.get("label"))
    if not label or len(label) > LONGEST_LABEL:
        return "label"
    days: dict[str, date | None] = {}
    for name in ("onset_on", "sampled_on", "isolated_on"):
        day = _day(said.get(name))
        if isinstance(day, str):
            return name
        days[name] = day
    sampled_on = days["sampled_on"] or days["onset_on"]
    if sampled_on is None:
        return "sampled_on"
    return ReadLine(
        label=label,
        onset_on=days["onset_on"],
        sampled_on=sampled_on,
        isolated_on=days["isolated_on"],
        age=_age(said.get("age")),
        sex=SEXES.get(fold(_said(said.get("sex"))), ""),
        place=_said(said.get("place"))[:160],
        infector=_said(said.get("infector"))[:LONGEST_INFECTOR],
        person=_said(said.get("person")),
    )


def _said(cell: Any) -> str:
    """What a cell says as text; whole numbers without a point, and nothing for the many words for nothing."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    text = str(cell if cell is not None else "").strip()
    text = re.sub(r"\A(\d+)\.0\Z", r"\1", text)
    return "" if text.lower() in NOTHING else text


def _day(cell: Any) -> date | str | None:
    """The day; None for nothing; the text itself where it is no day."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _said(cell)
    if not text:
        return None
    if found := re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})([T ].*)?", text):
        year, month, day = (int(part) for part in found.groups()[:3])
    elif found := re.fullmatch(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", text):
        day, month, year = (int(part) for part in found.groups())
    else:
        return text
    try:
        return date(year, month, day)
    except ValueError:
        return text


def _age(cell: Any) -> int | None:
    found = re.fullmatch(r"(\d{1,3})(\.\d+)?", _said(cell))
    return int(found[1]) if found and int(found[1]) < 130 else None


def _workbook(content: bytes) -> list[list[Any]]:
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MOST_UNPACKED:
                raise ListTooLong
        return CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, IndexError) as error:
        raise ListUnreadable from error


def _csv(content: bytes) -> list[list[Any]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListUnreadable from error
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        return list(_capped(csv.reader(StringIO(text), delimiter=separator)))
    except csv.Error as error:
        raise ListUnreadable from error


def _capped(rows: Iterable[list[str]]) -> Iterable[list[str]]:
    for number, row in enumerate(rows):
        if number > MOST_ROWS + 1:
            return
        yield row
