import traceback
import unicodedata
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import psycopg
import pytest
from django.db import connection
from tests.conftest import ERA_2021, scope_for
from tests.registry.lists import HEADING, LAN, content, counts, imported, person, said, workbook

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.config import settings
from ksdb.core.clock import today
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.names import search_key
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import Division
from ksdb.postgres.named import sql
from ksdb.registry.actions import FileKindUnknown, ImportBroken, ImportIsRunning, run_import, start_import
from ksdb.registry.models import Claim, Household, Import, ImportProblem, Resident
from ksdb.registry.queries import imports_dir
from ksdb.registry.sealing import sealer

pytestmark = pytest.mark.django_db


def broken_list() -> openpyxl.Workbook:
    """Every fault that wards' lists were seen to have, one or two a row."""
    tomorrow = today() + timedelta(days=1)
    book = workbook(
        LAN,  # row 4
        person(2, name=unicodedata.normalize("NFD", "Đặng Thị Hoà")),
        person(3, birth="09/13/1956"),
        person(4, birth="31/02/1956"),
        person(5, birth=f"{tomorrow:%d/%m/%Y}"),
        person(6, birth="hồi nhỏ"),
        person(7, phone="01651234567"),
        person(8, phone="12345"),
        person(9, id_number="046156000011"),  # row 12: Lan's number
        person(10, id_number="12345"),
        person(11, id_number=46156000111.0),  # row 14
        person(12, name="=1+1"),
        person(13, name="Trần Thị Hoa 2"),
        person(14, name="@SUM(A1)"),
        person(15, birth="=A1"),
        person(16, commune="Phường Kim Long"),
        person(17, group=None),
        person(18, birth=1950.0, id_number="025123456"),  # row 21
        person(19, birth=date(1956, 3, 1)),
        person(20, name=None),
        [None] * 11,  # row 24: empty
        HEADING,  # row 25: the heading again
        person(23, household="50", group="Tổ 4", address="5 Kim Trà"),  # row 26
        person(24, name="Trần Văn Tý", sex="Nam", id_number=None, household=None, group=None, address=None),
        person(25, name="Trần Thị Tèo", household=None, group=None, address=None),
        person(26, name="Nguyễn Thị Lan", id_number=None, household="7"),  # row 29: Lan again
        person(27, household="=B1", address="-1+2"),
        person(28, id_number="046056000028", birth="05/09/1957"),  # row 31: doubts only
        person(29, birth="01/01/1890", id_number="246156000111"),
    )
    sheet = book.active
    assert sheet is not None
    for column in "GIJ":
        sheet.merge_cells(f"{column}26:{column}28")
    return book


REJECTED = {
    6: {"birth_swapped"},
    7: {"birth_impossible"},
    8: {"birth_future"},
    9: {"birth_unreadable"},
    12: {"id_number_twice"},
    13: {"id_number_wrong"},
    15: {"formula_empty"},
    16: {"name_letters"},
    17: {"formula_text"},
    18: {"formula_empty"},
    19: {"commune_outside"},
    20: {"group_missing"},
    23: {"name_missing"},
    29: {"person_twice"},
    30: {"formula_empty", "formula_text"},
    32: {"birth_too_early", "id_number_province"},
}
WARNED = {
    10: {"phone_converted"},
    11: {"phone_not_taken"},
    14: {"id_number_restored"},
    31: {"id_number_year", "id_number_sex"},
}
"""Row numbers as the spreadsheet shows them."""


def test_a_broken_list_is_told_row_by_row_and_its_good_rows_are_imported(commune_a: Division) -> None:
    done = imported(commune_a, content(broken_list()))
    assert said(done) == REJECTED | WARNED
    assert done.status == Import.Status.DONE
    assert counts(done) == (11, 0, len(REJECTED))
    assert done.row_count == 27
    assert Resident.objects.filter(source=done).count() == 11


def test_the_second_row_of_a_number_and_of_a_person_name_the_first(commune_a: Division) -> None:
    done = imported(commune_a, content(broken_list()))
    other = dict(ImportProblem.objects.filter(source=done, other_row__gt=0).values_list("row_number", "other_row"))
    assert other == {12: 4, 29: 4}


def test_what_is_stored_is_clean(commune_a: Division) -> None:
    imported(commune_a, content(broken_list()))
    hoa = Resident.objects.get(search_key=search_key("Đặng Thị Hoà"))
    assert hoa.full_name == "Đặng Thị Hoà" == unicodedata.normalize("NFC", hoa.full_name)
    year_only = Resident.objects.get(birth_year=1950)
    assert year_only.born_on is None
    assert Resident.objects.get(born_on=date(1956, 3, 1)).sex == "female"
    numbers = {
        sealer().open("id_number", bytes(r.id_number_sealed)) for r in Resident.objects.all() if r.id_number_sealed
    }
    assert {"046156000011", "046156000111"} <= numbers
    phones = {sealer().open("phone", bytes(r.phone_sealed)) for r in Resident.objects.all() if r.phone_sealed}
    assert phones == {"0905111222", "0351234567"}


def test_merged_cells_give_group_household_and_address_to_all_their_rows(commune_a: Division) -> None:
    imported(commune_a, content(broken_list()))
    home = Household.objects.get(book_number="50")
    assert home.address == "5 Kim Trà"
    assert home.division.name == "Tổ dân phố 4"
    assert home.residents.count() == 3


def test_a_name_merged_over_two_rows_is_not_given_to_both(commune_a: Division) -> None:
    book = workbook(LAN, person(2, name=None))
    sheet = book.active
    assert sheet is not None
    sheet.merge_cells("B4:B5")
    done = imported(commune_a, content(book))
    assert said(done) == {5: {"merged_cell"}}
    assert counts(done) == (1, 0, 1)


def test_numbers_of_people_stand_nowhere_in_clear(commune_a: Division) -> None:
    imported(commune_a, content(broken_list()))
    with connection.cursor() as cursor:
        for table in ("resident", "household", "registry_import", "registry_import_problem", "audit_entry"):
            cursor.execute(f"SELECT coalesce(string_agg({table}::text, ' '), '') FROM {table}")  # noqa: S608
            text = cursor.fetchone()[0]
            assert text
            for number in ("046156000011", "46156000011", "0905111222", "905111222", "0351234567"):
                assert number not in text
                assert number.encode().hex() not in text


def test_the_file_again_adds_nobody(commune_a: Division) -> None:
    data = content(broken_list())
    first = imported(commune_a, data)
    second = imported(commune_a, data)
    assert counts(second) == (0, first.imported_count, first.rejected_count)
    assert Resident.objects.count() == first.imported_count
    assert Household.objects.filter(residents=None).count() == 0


def test_people_without_an_id_number_or_household_are_known_again(commune_a: Division) -> None:
    rows = [
        person(1, id_number=None),
        person(2, id_number=None, household=None),
        person(3, id_number=None, birth="1956"),
    ]
    data = content(workbook(*rows))
    assert counts(imported(commune_a, data)) == (3, 0, 0)
    assert counts(imported(commune_a, data)) == (0, 3, 0)


def test_without_household_numbers_the_address_makes_the_household(commune_a: Division) -> None:
    """Who shares an address shares a household, however it is written; who has none is in none, and is told so."""
    at = ["14 Lý Thái Tổ", "14, lý thái  tổ", "14 Lý Thái Tố", None]
    rows = [person(n, household=None, id_number=None, birth=f"{1950 + n}", address=a) for n, a in enumerate(at)]
    data = content(workbook(*rows))
    done = imported(commune_a, data)
    homes = [one.household and one.household.address for one in Resident.objects.order_by("source_row")]
    assert homes == ["14 Lý Thái Tổ", "14 Lý Thái Tổ", "14 Lý Thái Tố", None]
    assert said(done) == {7: {"household_missing"}}
    assert counts(imported(commune_a, data)) == (0, 4, 0)
    assert Household.objects.count() == 2


def test_who_came_without_an_address_gets_the_one_that_a_later_list_says(commune_a: Division) -> None:
    imported(commune_a, content(workbook(person(1, household=None, address=None), person(2, household="9"))))
    later = [person(1, household=None, address="14 Lý Thái Tổ"), person(2, household=None, address="1 Kim Trà")]
    assert counts(imported(commune_a, content(workbook(*later)))) == (0, 2, 0)
    homes = Resident.objects.order_by("source_row").values_list("household__book_number", "household__address")
    assert list(homes) == [("", "14 Lý Thái Tổ"), ("9", "12 Lý Thái Tổ")]
    assert Household.objects.count() == 2


def test_the_rows_of_persons_are_kept(commune_a: Division) -> None:
    done = imported(commune_a, content(broken_list()))
    assert set(Resident.objects.values_list("source_id", flat=True)) == {done.pk}
    rows = set(Resident.objects.values_list("source_row", flat=True))
    assert len(rows) == done.imported_count
    assert not rows & REJECTED.keys()


def correction_file(done: Import) -> openpyxl.Workbook:
    return openpyxl.load_workbook(imports_dir() / done.rejected_path)


def test_the_correction_file_has_the_rows_their_numbers_and_what_to_do(commune_a: Division) -> None:
    book = correction_file(imported(commune_a, content(broken_list())))
    rejected, doubtful = book["Cần sửa"], book["Cảnh báo"]
    rows = list(rejected.iter_rows(values_only=True))
    assert rows[0] == (*HEADING, "Dòng", "Lỗi cần sửa")
    assert [int(str(row[11])) for row in rows[1:]] == sorted(REJECTED)
    assert [int(str(row[11])) for row in doubtful.iter_rows(min_row=2, values_only=True)] == sorted(WARNED)
    assert rows[1][2] == "09/13/1956"
    assert "Ngày sinh" in str(rows[1][12])


def test_nothing_in_the_correction_file_acts_as_a_formula(commune_a: Division) -> None:
    book = correction_file(imported(commune_a, content(broken_list())))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert any(str(cell.value).startswith("@") for cell in cells)
    assert all(cell.quotePrefix for cell in cells if str(cell.value).startswith(("=", "+", "-", "@")))


def test_corrected_rows_are_imported_from_the_correction_file(commune_a: Division) -> None:
    first = imported(commune_a, content(broken_list()))
    book = correction_file(first)
    sheet = book["Cần sửa"]
    for number, row in enumerate(sheet.iter_rows(min_row=2), start=40):
        good = person(number, id_number=f"0461560002{number:02d}")
        for cell, value in zip(row, good, strict=False):
            cell.value = value
    second = imported(commune_a, content(book))
    assert counts(second) == (len(REJECTED), 0, 0)
    assert second.rejected_path == ""
    assert Resident.objects.count() == first.imported_count + second.imported_count


def test_a_phone_corrected_later_reaches_the_person(commune_a: Division) -> None:
    imported(commune_a, content(workbook(person(8, phone="12345"))))
    done = imported(commune_a, content(workbook(person(8, phone="0905 333 444"))))
    assert counts(done) == (0, 1, 0)
    assert said(done) == {4: {"known_completed"}}
    assert sealer().open("phone", bytes(Resident.objects.get().phone_sealed or b"")) == "0905333444"


def test_an_id_number_of_somebody_else_is_kept_beside_the_row_and_never_in_it(
    commune_a: Division, commune_b: Division
) -> None:
    imported(commune_a, content(workbook(LAN)))
    lan = Resident.objects.get()
    other = content(workbook(person(2, id_number="046156000011", commune="Phường Hương Văn", phone="0905333444")))
    first = imported(commune_b, other)
    assert (said(first), counts(first)) == ({4: {"id_number_taken"}}, (1, 0, 0))
    hoa = Resident.objects.exclude(pk=lan.pk).get()
    assert (hoa.id_number_key, hoa.id_number_sealed, hoa.id_number_end) == (None, None, None)
    assert hoa.phone_key is not None
    kept = Claim.objects.get()
    assert (kept.resident_id, kept.source_row) == (hoa.pk, 4)
    assert sealer().open("id_number", bytes(kept.number_sealed)) == "046156000011"
    again = imported(commune_b, other)
    assert (said(again), counts(again)) == ({4: {"id_number_taken"}}, (0, 1, 0))
    assert (Claim.objects.count(), Resident.objects.count()) == (1, 2)
    moved = [*LAN[:10], "Phường Hương Văn"]
    done = imported(commune_b, content(workbook(moved)))
    assert said(done) == {4: {"known_elsewhere"}}
    assert counts(done) == (0, 1, 0)


def test_twins_whose_names_fold_alike_are_two(commune_a: Division) -> None:
    twins = [person(n, name=name, id_number=None, household="9") for n, name in ((1, "Lê Lan Anh"), (2, "Lê Lan Ánh"))]
    data = content(workbook(*twins))
    done = imported(commune_a, data)
    assert counts(done) == (2, 0, 0)
    assert said(done) == {5: {"same_person_doubt"}}
    assert counts(imported(commune_a, data)) == (0, 2, 0)


def test_one_household_number_in_two_groups_is_two_households(commune_a: Division) -> None:
    rows = [person(1, household="7"), person(2, household="7", group="TDP số 02"), person(3, household="7", group=2)]
    imported(commune_a, content(workbook(*rows)))
    assert sorted(Household.objects.values_list("division__name", "book_number")) == [
        ("Tổ dân phố 1", "7"),
        ("Tổ dân phố 2", "7"),
    ]


def test_a_district_takes_communes_by_name_and_tells_two_that_fold_alike(db: None) -> None:
    town = Division.objects.get(name="Thị xã Hương Trà", valid_from=ERA_2021)
    names = ["Phường Hương Vân", "Hương Văn", "HƯƠNG XUÂN", "Huong Van", None]
    done = imported(town, content(workbook(*(person(n, commune=name) for n, name in enumerate(names, start=1)))))
    homes = Resident.objects.order_by("id").values_list("division__parent__name", flat=True)
    assert list(homes) == ["Phường Hương Vân", "Phường Hương Văn", "Phường Hương Xuân"]
    assert said(done) == {7: {"commune_outside"}, 8: {"commune_missing"}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_with_and_without_a_byte_order_mark(commune_a: Division, encoding: str, separator: str) -> None:
    rows = [HEADING, LAN, person(2, phone="0905 111 333")]
    text = "\r\n".join(separator.join("" if cell is None else str(cell) for cell in row) for row in rows)
    done = imported(commune_a, text.encode(encoding), "ds.csv")
    assert counts(done) == (2, 0, 0)
    assert Resident.objects.filter(full_name="Nguyễn Thị Lan").exists()


def test_whoever_has_a_passport_comes_in_without_its_number(commune_a: Division) -> None:
    done = imported(commune_a, content(workbook(person(1, id_number="C1234567"), person(2, id_number="C12"))))
    assert said(done) == {4: {"passport_not_taken"}, 5: {"id_number_wrong"}}
    assert Resident.objects.get().id_number_key is None


def test_csv_that_lost_a_leading_zero_or_has_a_nul(commune_a: Division) -> None:
    rows = [HEADING, person(1, id_number="46156000111"), person(2, name="Trần\x00 Thị Ba", id_number="46999900011")]
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows)
    done = imported(commune_a, text.encode(), "ds.csv")
    assert said(done) == {2: {"id_number_restored"}, 3: {"id_number_wrong"}}


def test_a_missing_heading_names_what_is_missing_and_what_was_found(commune_a: Division) -> None:
    heading = ["STT", "Họ tên", "Sinh vào", "Giới tính", *HEADING[4:8], "Khối", *HEADING[9:]]
    done = imported(commune_a, content(workbook(LAN, heading=heading)))
    assert (done.status, done.failure) == ("failed", "heading_missing")
    assert done.missing_columns == "birth group"
    assert "Sinh vào" in done.found_headings.split("\n")
    assert Resident.objects.count() == 0


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.xlsx", b"not a workbook", "file_unreadable"),
        ("a.xlsx", b"PK\x03\x04 torn", "file_unreadable"),
        ("a.csv", "Họ và tên,Ngày sinh,Tổ".encode("utf-16-le"), "heading_not_found"),
        ("a.csv", b"a,b,c\n1,2,3\n", "heading_not_found"),
        ("a.csv", b"", "heading_not_found"),
        ("a.xlsx", content(openpyxl.Workbook()), "heading_not_found"),
    ],
)
def test_a_file_that_is_no_list_fails_with_a_code(commune_a: Division, name: str, data: bytes, code: str) -> None:
    done = imported(commune_a, data, name)
    assert (done.status, done.failure) == ("failed", code)


def test_an_old_xls_is_refused_before_it_is_kept(commune_a: Division, system: Scope) -> None:
    with pytest.raises(FileKindUnknown):
        start_import(system, commune_a.pk, "a.xls", b"\xd0\xcf\x11\xe0")
    assert not Import.objects.exists()


def test_a_second_list_in_the_workbook_is_spoken_of(commune_a: Division) -> None:
    book = workbook(LAN)
    book.create_sheet("Tổ 2").append(HEADING)
    assert said(imported(commune_a, content(book))) == {0: {"sheet_left_out"}}


def test_a_list_that_begins_in_column_c(commune_a: Division) -> None:
    book = workbook(LAN, person(2, name="=1+1"), person(3, household=None, group=None))
    sheet = book.active
    assert sheet is not None
    sheet.unmerge_cells("A1:K1")
    sheet.move_range("A1:K6", cols=2)
    for column in "IK":
        sheet.merge_cells(f"{column}5:{column}6")
    done = imported(commune_a, content(book))
    assert said(done)[5] == {"formula_empty"}
    assert Household.objects.filter(book_number="2", residents__full_name="Trần Thị Hoa").exists()


def test_what_was_uploaded_is_kept_for_this_user_only(commune_a: Division, binh: StaffAccount) -> None:
    done = imported(commune_a, content(broken_list()))
    for name in (done.file_path, done.rejected_path):
        assert (imports_dir() / name).stat().st_mode & 0o077 == 0
    assert Path(done.file_path).stem == done.file_sha256


def test_an_officer_imports_into_the_own_commune_only(
    binh: StaffAccount, minh: StaffAccount, commune_a: Division, hanh: StaffAccount
) -> None:
    data = content(workbook(LAN))
    with pytest.raises(NotAllowed):
        start_import(scope_for(minh), commune_a.pk, "a.xlsx", data)
    source = start_import(scope_for(binh), commune_a.pk, "a.xlsx", data)
    with pytest.raises(NotFound):
        run_import(scope_for(minh), source.pk)
    done = run_import(scope_for(binh), source.pk)
    assert counts(done) == (1, 0, 0)
    trail = Entry.objects.filter(action=Permission.REGISTRY_IMPORT_RUN, subject="import", subject_id=source.pk)
    assert {entry.actor_id for entry in trail} == {binh.pk}
    assert trail.count() == 2


def test_progress_ends_at_the_number_of_rows(commune_a: Division, system: Scope) -> None:
    told: list[tuple[int, int]] = []
    source = start_import(system, commune_a.pk, "a.xlsx", content(workbook(LAN, person(2))))
    run_import(system, source.pk, lambda done, total: told.append((done, total)))
    assert told == [(2, 2)]


def test_one_import_does_not_run_twice_at_once(commune_a: Division, system: Scope) -> None:
    source = start_import(system, commune_a.pk, "a.xlsx", content(workbook(LAN)))
    with psycopg.connect(_url(), autocommit=True) as other:
        other.execute(sql("ksdb.registry", "try_lock_import"), {"import_id": source.pk})
        with pytest.raises(ImportIsRunning):
            run_import(system, source.pk)
        other.execute(sql("ksdb.registry", "unlock_import"), {"import_id": source.pk})
    assert Resident.objects.count() == 0
    assert counts(run_import(system, source.pk)) == (1, 0, 0)


def _url() -> str:
    """The test's own database."""
    server = psycopg.conninfo.conninfo_to_dict(settings().database_url)
    return psycopg.conninfo.make_conninfo("", **{**server, "dbname": connection.settings_dict["NAME"]})


def test_an_error_of_the_database_tells_no_name_and_leaves_nothing_half_done(
    commune_a: Division, system: Scope
) -> None:
    source = start_import(system, commune_a.pk, "a.xlsx", content(workbook(LAN)))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE resident ADD CONSTRAINT nobody CHECK (birth_year < 1900)")
    with pytest.raises(ImportBroken) as caught:
        run_import(system, source.pk)
    assert "Lan" not in "".join(traceback.format_exception(caught.value))
    source.refresh_from_db()
    assert (source.status, source.failure, source.done_count) == ("failed", "import_broken", 0)
    assert not Household.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE resident DROP CONSTRAINT nobody")
    assert counts(run_import(system, source.pk)) == (1, 0, 0)
