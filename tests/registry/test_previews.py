"""What is said of a list before anything of it is written, and how its columns are named."""

import openpyxl
import pytest
from django.test import Client
from tests.conftest import scope_for
from tests.registry.lists import HEADING, LAN, content, counts, imported, person, workbook
from tests.registry.test_actions import broken_list

from ksdb.access.models import StaffAccount
from ksdb.core.errors import NotFound
from ksdb.core.scope import Scope
from ksdb.places.models import Division
from ksdb.registry import forecasting
from ksdb.registry.actions import (
    ColumnsNeeded,
    ImportHasBegun,
    begin_check,
    begin_import,
    check_list,
    discard_list,
    look_again,
    needs_a_person,
    run_import,
    take_list,
)
from ksdb.registry.headings import Column
from ksdb.registry.models import Household, Import, ImportProblem, Resident
from ksdb.registry.previews import Preview, stored_preview
from ksdb.registry.probing import Asked
from ksdb.registry.queries import imports_dir, look_of, sample_of

pytestmark = pytest.mark.django_db

STRANGE = ["STT", "Người", "Sinh vào", "Nam/Nữ", "Số thẻ", "Máy", "Sổ", "Là gì", "Khối", "Ở đâu", "Thuộc"]
PLACES = {Column.NAME: 1, Column.BIRTH: 2, Column.SEX: 3, Column.ID_NUMBER: 4, Column.HOUSEHOLD: 6, Column.GROUP: 8}


def taken(scope: Scope, division: Division, data: bytes, name: str = "ds.xlsx") -> Import:
    return take_list(scope, division.pk, name, [data[:100], data[100:]])


def checked(scope: Scope, division: Division, data: bytes, name: str = "ds.xlsx") -> tuple[Import, Preview]:
    source = begin_check(scope, taken(scope, division, data, name).pk)
    done = check_list(scope, source.pk)
    return done, stored_preview(done.preview)


def told_of(source: Import) -> set[tuple[int, str, str]]:
    return set(ImportProblem.objects.filter(source=source).values_list("row_number", "column", "code"))


def test_what_is_wrong_is_told_by_row_before_anything_is_imported(
    commune_a: Division, system: Scope, client: Client, binh: StaffAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page at a time; of a file that is wrong throughout, no more than anybody reads."""
    rows = [person(n, birth="31/02/1956") for n in range(1, 71)]
    source, _ = checked(system, commune_a, content(workbook(*rows)))
    client.force_login(binh)
    first, second = (client.get(f"/imports/{source.pk}/?page={page}").content.decode() for page in (1, 2))
    assert first.count("Không có ngày này trong lịch") > 50
    assert ">73</td>" not in first
    assert ">73</td>" in second
    monkeypatch.setattr(forecasting, "MOST_TOLD", 10)
    source, preview = checked(system, commune_a, content(workbook(*rows)))
    assert (ImportProblem.objects.filter(source=source).count(), preview.rejected_count) == (10, 70)


def test_the_preview_says_what_the_import_then_does(commune_a: Division, system: Scope) -> None:
    source, preview = checked(system, commune_a, content(broken_list()))
    foretold = told_of(source)
    done = run_import(system, source.pk)
    assert told_of(done) == foretold
    assert (preview.new_count, preview.known_count, preview.rejected_count) == counts(done)
    assert preview.warned_count == done.warned_count
    said = ImportProblem.objects.filter(source=done)
    assert sum(one.count for one in preview.found) == said.count()
    for one in preview.found:
        same = said.filter(code=one.code, column=one.column)
        assert (one.count, one.first_row) == (same.count(), min(same.values_list("row_number", flat=True)))


def test_a_check_writes_nothing_into_the_registry(commune_a: Division, system: Scope) -> None:
    groups = Division.objects.count()
    source, preview = checked(system, commune_a, content(broken_list()))
    assert (source.status, source.done_count) == ("checked", 0)
    assert not Resident.objects.exists()
    assert not Household.objects.exists()
    assert Division.objects.count() == groups
    assert "Tổ dân phố 1, Phường Hương Vân" in preview.new_groups


def test_who_is_registered_is_foreseen_as_known(commune_a: Division, system: Scope) -> None:
    imported(commune_a, content(workbook(LAN)))
    _, preview = checked(system, commune_a, content(workbook(LAN, person(2))))
    assert (preview.new_count, preview.known_count, preview.new_groups) == (1, 1, ())


def test_whom_a_long_file_names_twice_is_foreseen_across_chunks(
    commune_a: Division, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ksdb.registry.preparing.CHUNK_ROWS", 2)
    rows = [LAN, person(2), person(3), person(4, id_number="046156000011"), [None, *person(3)[1:]]]
    source, preview = checked(system, commune_a, content(workbook(*rows)))
    done = run_import(system, source.pk)
    assert counts(done) == (3, 0, 2)
    assert (preview.new_count, preview.rejected_count) == (3, 2)
    assert dict(ImportProblem.objects.values_list("row_number", "other_row")) == {7: 4, 8: 6}


def test_the_first_rows_are_shown_with_their_verdicts(commune_a: Division, system: Scope) -> None:
    source, _ = checked(system, commune_a, content(broken_list()))
    shown = sample_of(system, source.pk)
    assert len(shown) == 20
    assert shown[0].verdict == "new"
    assert shown[2].verdict == "rejected"
    assert shown[2].problems[0].code == "birth_swapped"
    assert (imports_dir() / f"{source.pk}-sample.json").stat().st_mode & 0o077 == 0


def test_columns_that_nobody_recognises_are_named_once_for_the_unit(
    commune_a: Division, commune_b: Division, system: Scope
) -> None:
    data = content(workbook(LAN, person(2), person(3, birth="31/02/1956"), heading=STRANGE))
    source = taken(system, commune_a, data)
    assert source.status == "draft"
    assert needs_a_person(system, source)
    with pytest.raises(ColumnsNeeded):
        begin_check(system, source.pk)
    check_list(system, begin_check(system, source.pk, PLACES).pk)
    done = run_import(system, source.pk)
    assert counts(done) == (2, 0, 1)
    lan = Resident.objects.get(full_name="Nguyễn Thị Lan")
    assert (lan.sex, lan.household and lan.household.book_number) == ("female", "7")
    again = taken(system, commune_a, content(workbook(person(5), heading=[text.upper() for text in STRANGE])))
    assert not needs_a_person(system, again)
    assert look_of(system, again.pk).is_remembered
    elsewhere = taken(system, commune_b, data)
    assert needs_a_person(system, elsewhere)
    mended = openpyxl.load_workbook(imports_dir() / done.rejected_path)
    assert mended.worksheets[0]["C2"].value == "31/02/1956"
    mended.worksheets[0]["C2"] = "28/02/1956"
    corrections = taken(system, commune_a, content(mended))
    assert not needs_a_person(system, corrections), "the correction file is read as the list it corrects"
    check_list(system, begin_check(system, corrections.pk).pk)
    assert counts(run_import(system, corrections.pk)) == (1, 0, 0)


def test_a_csv_without_one_known_heading_is_named_too(commune_a: Division, system: Scope) -> None:
    rows = [STRANGE, LAN]
    text = "\n".join(";".join(map(str, row)) for row in rows)
    source = taken(system, commune_a, text.encode(), "ds.csv")
    look = look_of(system, source.pk)
    assert (look.texts, look.plan.delimiter) == (tuple(STRANGE), ";")
    assert look.samples[0][1] == "Nguyễn Thị Lan"
    check_list(system, begin_check(system, source.pk, PLACES).pk)
    assert counts(run_import(system, source.pk)) == (1, 0, 0)


def test_the_file_is_shown_again_in_another_encoding_and_row(commune_a: Division, system: Scope) -> None:
    text = "Danh sách,năm,2021\n" + ",".join(HEADING) + "\n" + ",".join(map(str, LAN))
    source = taken(system, commune_a, text.encode(), "ds.csv")
    look_again(system, source.pk, Asked(encoding="iso-8859-1", delimiter=","))
    assert "Nguyá»" in " ".join(look_of(system, source.pk).samples[0])
    look_again(system, source.pk, Asked(encoding="utf-8-sig", delimiter=",", heading_row=1))
    assert look_of(system, source.pk).texts[0] == "Danh sách"
    look_again(system, source.pk, Asked(encoding="utf-8-sig", delimiter=",", heading_row=2))
    assert look_of(system, source.pk).texts == HEADING


def test_a_discarded_list_leaves_nothing_but_the_trail(commune_a: Division, system: Scope) -> None:
    source, _ = checked(system, commune_a, content(workbook(LAN)))
    number, name = source.pk, source.file_path
    discard_list(system, number)
    assert not Import.objects.filter(pk=number).exists()
    assert not (imports_dir() / name).exists()
    assert not [kind for kind in ("look", "sample") if (imports_dir() / f"{number}-{kind}.json").exists()]


def test_what_has_begun_is_neither_discarded_nor_begun_again(commune_a: Division, system: Scope) -> None:
    source, _ = checked(system, commune_a, content(workbook(LAN)))
    begin_import(system, source.pk)
    with pytest.raises(ImportHasBegun):
        begin_import(system, source.pk)
    run_import(system, source.pk)
    for act in (discard_list, begin_import, begin_check):
        with pytest.raises(ImportHasBegun):
            act(system, source.pk)


def test_lists_of_elsewhere_are_not_found(commune_a: Division, system: Scope, minh: StaffAccount) -> None:
    source, _ = checked(system, commune_a, content(workbook(LAN)))
    scope = scope_for(minh)
    for act in (discard_list, begin_import, begin_check, look_of, sample_of):
        with pytest.raises(NotFound):
            act(scope, source.pk)
