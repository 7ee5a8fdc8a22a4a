"""A ward's list taken out: its own right, a reason, one entry a person, and no number of anybody."""

import io
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from django.http import FileResponse
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of, scope_for, staff

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.config import make_secrets, settings
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Purpose, Role
from ksdb.places.models import Division
from ksdb.registry.actions import Asked, export_residents
from ksdb.registry.models import Resident
from ksdb.web.exporting import FileKind

WHY = "Đối chiếu danh sách trước đợt cấp thẻ"
ASKED = Asked(Purpose.REGISTRATION, WHY, FileKind.XLSX)


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


def said(division: Division) -> dict[str, object]:
    return {"division": division.pk, "purpose": "registration", "kind": "1", "reason": WHY}


def test_binh_takes_out_the_list_of_a(
    client: Client, binh: StaffAccount, lan: Resident, commune_a: Division, commune_b: Division
) -> None:
    formula = resident_of(commune_a, "=1+1")
    resident_of(commune_b, "Người Phường Bên")
    client.force_login(binh)
    assert client.get(reverse("registry:residents_export")).status_code == 200
    answer = client.post(reverse("registry:residents_export"), said(commune_a))
    assert isinstance(answer, FileResponse)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[arg-type]
    sheet = book.worksheets[0]
    assert {row[0].value for row in sheet.iter_rows(min_row=2)} == {"=1+1", "Nguyễn Thị Lan"}
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    entries = Entry.objects.filter(action="registry:resident:export", purpose="registration", actor_id=binh.pk)
    assert set(entries.values_list("subject_id", flat=True)) == {lan.pk, formula.pk}
    whole = Entry.objects.get(action="registry:list:export")
    assert (whole.detail["found"], whole.detail["rows"], whole.detail["reason"]) == (2, 2, WHY)
    assert whole.detail["sha256"] in [row[1].value for row in book.worksheets[-1].iter_rows()]


def test_nobody_takes_out_the_list_of_another_ward(
    client: Client, minh: StaffAccount, lan: Resident, commune_a: Division
) -> None:
    client.force_login(minh)
    assert client.post(reverse("registry:residents_export"), said(commune_a)).status_code == 422
    with pytest.raises(NotFound):
        export_residents(scope_for(minh), commune_a.pk, ASKED)
    assert not Entry.objects.filter(action__endswith=":export").exists()


def test_finding_residents_is_not_the_right_to_take_them_out(
    commune_a: Division, lan: Resident, client: Client
) -> None:
    reader = staff("y", "Võ Thị Ý", Role.EPIDEMIOLOGIST, commune_a)
    with pytest.raises(NotAllowed):
        export_residents(scope_for(reader), commune_a.pk, ASKED)
    client.force_login(reader)
    assert reverse("registry:residents_export") not in client.get(reverse("registry:residents")).content.decode()


def test_a_province_is_no_list(hanh: StaffAccount, lan: Resident) -> None:
    province = Division.objects.filter(kind=Division.Kind.PROVINCE).latest("valid_from")
    with pytest.raises(NotFound):
        export_residents(scope_for(hanh), province.pk, ASKED)
