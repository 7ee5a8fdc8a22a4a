"""Writes a population the way a ward keeps it: a spreadsheet with a title block, or a CSV file."""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import xlsxwriter

from ksdb.simulation.addresses import address_text, group_text
from ksdb.simulation.families import RELATIONS
from ksdb.simulation.population import Population

HEADING = (
    "STT",
    "Họ và tên",
    "Ngày sinh",
    "Giới tính",
    "Số CCCD/CMND",
    "Số điện thoại",
    "Số hộ",
    "Quan hệ với chủ hộ",
    "Tổ dân phố/Thôn",
    "Địa chỉ",
    "Phường/Xã",
)
WIDTHS = (6, 28, 12, 10, 16, 14, 8, 18, 18, 32, 22)
SEXES = ("Nam", "Nữ")
CHUNK = 20_000

Row = tuple[int, str, str, str, str, str, int, str, str, str, str]


def ward_rows(population: Population, people: slice = slice(None)) -> Iterator[Row]:
    """One row per person, numbered from 1, in the columns of HEADING."""
    start, stop, _ = people.indices(len(population))
    places = _Places(population)
    for begin in range(start, stop, CHUNK):
        yield from _chunk_rows(population, slice(begin, min(begin + CHUNK, stop)), begin - start, places)


class _Places:
    """The texts of a household are the same for all its members, who stand next to each other."""

    def __init__(self, population: Population) -> None:
        self.communes = population.communes
        self.households = population.households
        self.current = -1
        self.texts: tuple[int, str, str, str] = (0, "", "", "")

    def of(self, household: int) -> tuple[int, str, str, str]:
        if household != self.current:
            self.current, self.texts = household, self._written(household)
        return self.texts

    def _written(self, household: int) -> tuple[int, str, str, str]:
        homes = self.households
        commune = self.communes[homes.commune[household]]
        group = group_text(commune, int(homes.group[household]))
        return int(homes.number[household]), group, address_text(commune, homes, household), commune.name


def _chunk_rows(population: Population, people: slice, done: int, places: _Places) -> Iterator[Row]:
    columns = zip(
        population.full_names(people),
        birth_texts(population, people),
        population.sex[people].tolist(),
        population.id_number[people].astype("U12").tolist(),
        population.phone[people].astype("U10").tolist(),
        population.relation[people].tolist(),
        population.household[people].tolist(),
        strict=True,
    )
    for serial, (name, born, sex, id_number, phone, relation, household) in enumerate(columns, start=done + 1):
        number, group, address, commune = places.of(household)
        kin = RELATIONS[relation]
        yield serial, name, born, SEXES[sex], id_number, phone, number, kin, group, address, commune


def birth_texts(population: Population, people: slice) -> list[str]:
    """dd/mm/yyyy, or the year alone where no more is known."""
    born = population.born[people].astype("datetime64[D]").astype("U10")
    iso = [text.split("-") for text in born.tolist()]
    only_year = population.is_year_only[people].tolist()
    return [y if alone else f"{d}/{m}/{y}" for (y, m, d), alone in zip(iso, only_year, strict=True)]


def title_lines(population: Population, on: date) -> list[str]:
    """What a ward prints above its list."""
    names = [commune.name for commune in population.communes]
    owner = names[0] if len(names) == 1 else population.communes[0].district
    return [
        f"ỦY BAN NHÂN DÂN {owner.upper()}",
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        f"DANH SÁCH NHÂN KHẨU {owner.upper()}",
        f"(Tính đến ngày {on:%d/%m/%Y}; {len(population):,} nhân khẩu)".replace(",", "."),
        "",
    ]


def write_xlsx(population: Population, path: Path, *, title_on: date | None = None) -> int:
    """Writes the list, below a title block if a date for it is given; returns the number of people written."""
    with xlsxwriter.Workbook(path, {"constant_memory": True, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet("Nhân khẩu")
        bold = book.add_format({"bold": True})
        top = _write_title(sheet, bold, title_lines(population, title_on) if title_on else [])
        sheet.write_row(top, 0, HEADING, bold)
        return _write_people(sheet, population, top + 1)


def _write_title(sheet: Any, bold: Any, lines: list[str]) -> int:
    for column, width in enumerate(WIDTHS):
        sheet.set_column(column, column, width)
    for row, line in enumerate(lines):
        sheet.write_string(row, 0, line, bold)
    return len(lines)


def _write_people(sheet: Any, population: Population, top: int) -> int:
    row = top - 1
    for row, values in enumerate(ward_rows(population), start=top):
        for column, value in enumerate(values):
            if isinstance(value, str):
                if value:
                    sheet.write_string(row, column, value)
            else:
                sheet.write_number(row, column, value)
    return row - top + 1


def write_csv(population: Population, path: Path) -> int:
    """UTF-8 with a byte order mark, so that a spreadsheet opens it as it is; returns the number of people written."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADING)
        writer.writerows(ward_rows(population))
    return len(population)
