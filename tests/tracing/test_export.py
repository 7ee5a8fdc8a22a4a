"""A trace taken out: its own right, a reason, a count that agrees, and two persons beyond 500 people."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import openpyxl
import pytest
from django.http import FileResponse, HttpResponse
from django.test import Client
from django.urls import reverse
from tests.approvals.conftest import COMPUTERS, HEALTH, in_unit, second
from tests.conftest import residents_of, scope_for, staff
from tests.tracing.conftest import moment

from ksdb.access.models import StaffAccount
from ksdb.approvals.actions import approve, carry_out
from ksdb.approvals.kinds import SecondPersonNeeded
from ksdb.approvals.models import Act
from ksdb.audit.models import Entry
from ksdb.config import make_secrets, settings
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Purpose, Role, system_scope
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import run_trace
from ksdb.tracing.actions.exporting import Asked, approved_file, ask_export, export_trace
from ksdb.tracing.models import CaseRecord, Contact, Trace
from ksdb.web.exporting import ExportMismatch, FileKind, rows_of

WHY = "Gửi danh sách cho trạm y tế để xét nghiệm"
SAID = {"purpose": "case_tracing", "kind": "1", "reason": WHY}


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def traced(lans_case: CaseRecord) -> Trace:
    return run_trace(system_scope(), lans_case.pk, "overlap-15")


@pytest.fixture
def asker(hanh: StaffAccount) -> StaffAccount:
    return in_unit(hanh, HEALTH)


@pytest.fixture
def duc(db: None) -> StaffAccount:
    province = Division.objects.get(kind=Division.Kind.PROVINCE, valid_from=date(2025, 7, 1))
    return second("duc", "Phan Minh Đức", COMPUTERS, province)


def body(answer: HttpResponse) -> bytes:
    assert isinstance(answer, FileResponse)
    return b"".join(answer.streaming_content)  # type: ignore[arg-type]


def asked_for(kind: FileKind = FileKind.XLSX) -> Asked:
    return Asked(Purpose.CASE_TRACING, WHY, kind)


@pytest.fixture
def long_trace(traced: Trace) -> Trace:
    """501 contacts."""
    first = traced.contacts.all()[0]
    people = residents_of(traced.case.resident.division, [f"Người Thứ {number}" for number in range(499)])
    Contact.objects.bulk_create(
        Contact(
            trace=traced,
            resident_id=one.pk,
            generation=1,
            seconds=900,
            co_presence_count=1,
            first_at=first.first_at,
            last_at=first.last_at,
            is_observed=True,
        )
        for one in people
    )
    traced.contact_count = 501
    traced.save()
    return traced


def test_a_workbook_names_the_contacts_and_says_how_many(client: Client, hanh: StaffAccount, traced: Trace) -> None:
    client.force_login(hanh)
    answer = client.post(reverse("tracing:export", args=[traced.pk]), SAID)
    assert answer["Content-Disposition"] == f'attachment; filename="ksdb-trace-{traced.pk}.xlsx"'
    assert "no-store" in answer["Cache-Control"]
    book = openpyxl.load_workbook(io.BytesIO(body(answer)))
    listed = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows(min_row=2)]
    assert [row[1] for row in listed] == ["Trần Văn Hòa", "Hồ Thị Sen"]
    assert {row[8] for row in listed} == {"Chợ Hương Vân"}
    check = [[cell.value for cell in row] for row in book.worksheets[-1].iter_rows()]
    facts = {str(row[0]): str(row[1]) for row in check}
    assert "overlap-15 v1" in facts.values()
    assert check[0][1].count("2") == 2
    entry = Entry.objects.get(action="tracing:trace:export", subject="trace")
    assert entry.detail["sha256"] == check[1][1]
    assert (entry.detail["found"], entry.detail["rows"], entry.detail["reason"]) == (2, 2, WHY)
    assert (entry.actor_id, entry.subject, entry.subject_id, entry.purpose) == (
        hanh.pk,
        "trace",
        traced.pk,
        "case_tracing",
    )
    taken = Entry.objects.filter(action="tracing:trace:export", actor_id=hanh.pk, subject="resident")
    assert taken.filter(detail__trace=traced.pk).count() == 2


def test_a_file_names_no_sensitive_place(
    client: Client, hanh: StaffAccount, traced: Trace, market_a: ScanPoint
) -> None:
    ScanPoint.objects.filter(pk=market_a.pk).update(is_sensitive=True, latitude=16.5, longitude=107.5)
    client.force_login(hanh)
    text = body(client.post(reverse("tracing:export", args=[traced.pk]), {**SAID, "kind": "2"})).decode("utf-8-sig")
    assert "Trần Văn Hòa" in text
    assert market_a.name not in text
    hours = f"?on={moment(0):%Y-%m-%d}&since=00:00&until=00:00"
    path = reverse("tracing:point_export", args=[traced.case_id, market_a.pk])
    there = body(client.post(path + hours, {**SAID, "kind": "2"})).decode("utf-8-sig")
    assert market_a.name not in there
    places = client.get(reverse("tracing:places", args=[traced.pk]))
    assert places.context["map"] is None
    assert market_a.name in places.content.decode()  # who follows the case reads it on the page


def test_a_csv_neutralises_a_formula_for_a_name(client: Client, hanh: StaffAccount, traced: Trace) -> None:
    Resident.objects.filter(full_name="Trần Văn Hòa").update(full_name="=HYPERLINK(“http://x”)")
    client.force_login(hanh)
    text = body(client.post(reverse("tracing:export", args=[traced.pk]), {**SAID, "kind": "2"}))
    lines = list(csv.reader(io.StringIO(text.decode("utf-8-sig"))))
    assert lines[1][1] == "'=HYPERLINK(“http://x”)"
    assert Entry.objects.get(action="tracing:trace:export", subject="trace").detail["sha256"] in lines[-1]


@pytest.mark.parametrize("missing", ["purpose", "reason", "kind"])
def test_without_purpose_and_reason_nothing_is_taken_out(
    client: Client, hanh: StaffAccount, traced: Trace, missing: str
) -> None:
    client.force_login(hanh)
    said = {name: value for name, value in SAID.items() if name != missing}
    assert client.post(reverse("tracing:export", args=[traced.pk]), said).status_code == 422
    assert not Entry.objects.filter(action="tracing:trace:export").exists()


def test_those_who_live_elsewhere_are_not_named(traced: Trace, commune_a: Division, lan: Resident) -> None:
    local = staff("y", "Võ Thị Ý", Role.EPIDEMIOLOGIST, commune_a)
    listed = rows_of(export_trace(scope_for(local), traced.pk, asked_for()).path)
    assert [row[1] == "Hồ Thị Sen" for row in listed] == [False, False]
    assert listed[0][1] == "Trần Văn Hòa"
    assert listed[1][-1] == ""


def test_the_right_to_see_is_not_the_right_to_take_out(
    client: Client, traced: Trace, binh: StaffAccount, minh: StaffAccount, commune_b: Division
) -> None:
    url = reverse("tracing:export", args=[traced.pk])
    for officer in (binh, minh):
        client.force_login(officer)
        assert client.post(url, SAID).status_code == 403
    with pytest.raises((NotAllowed, NotFound)):
        export_trace(scope_for(binh), traced.pk, asked_for())
    other = staff("z", "Lý Văn Dũng", Role.EPIDEMIOLOGIST, commune_b)
    client.force_login(other)
    assert client.post(url, SAID).status_code == 404
    assert client.get(url).status_code == 404


def test_a_count_that_does_not_agree_gives_no_file(hanh: StaffAccount, traced: Trace, own_var_dir: Path) -> None:
    Trace.objects.filter(pk=traced.pk).update(contact_count=3)
    with pytest.raises(ExportMismatch):
        export_trace(scope_for(hanh), traced.pk, asked_for())
    assert list((own_var_dir / "exports").iterdir()) == []
    assert not Entry.objects.filter(action="tracing:trace:export").exists()


def test_more_than_500_need_a_second_person(
    client: Client, asker: StaffAccount, duc: StaffAccount, long_trace: Trace, own_var_dir: Path
) -> None:
    with pytest.raises(SecondPersonNeeded):
        export_trace(scope_for(asker), long_trace.pk, asked_for())
    client.force_login(asker)
    answer = client.post(reverse("tracing:export", args=[long_trace.pk]), SAID)
    act = Act.objects.get()
    assert answer["Location"] == reverse("approvals:act", args=[act.pk])
    file_url = reverse("tracing:export_file", args=[act.pk])
    assert client.get(file_url).status_code == 404
    approve(scope_for(duc), act.pk)
    act.refresh_from_db()
    assert act.status == Act.Status.APPROVED, "the worker writes the file"
    assert client.get(file_url).status_code == 404
    carry_out(system_scope(), act.pk)
    assert file_url in client.get(reverse("approvals:act", args=[act.pk])).content.decode()
    (path,) = (own_var_dir / "exports").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    book = openpyxl.load_workbook(io.BytesIO(body(client.get(file_url))))
    assert book.worksheets[0].max_row == 502
    assert WHY in [row[1].value for row in book.worksheets[-1].iter_rows()]
    entry = Entry.objects.get(action="tracing:trace:export", subject="trace")
    assert (entry.actor_id, entry.detail["rows"], entry.detail["reason"]) == (asker.pk, 501, WHY)
    assert Entry.objects.filter(action="tracing:export:download", actor_id=asker.pk).count() == 1


@pytest.fixture
def carried_out(asker: StaffAccount, duc: StaffAccount, long_trace: Trace) -> Act:
    act = ask_export(scope_for(asker), long_trace.pk, asked_for(FileKind.CSV))
    approve(scope_for(duc), act.pk)
    return carry_out(system_scope(), act.pk)


def test_the_file_is_for_the_asker_alone(carried_out: Act, asker: StaffAccount, duc: StaffAccount) -> None:
    assert approved_file(scope_for(asker), carried_out.pk).is_file()
    with pytest.raises(NotFound):
        approved_file(scope_for(duc), carried_out.pk)


def test_and_for_24_hours(carried_out: Act, asker: StaffAccount) -> None:
    Act.objects.filter(pk=carried_out.pk).update(carried_out_at=now() - timedelta(hours=24))
    with pytest.raises(NotFound):
        approved_file(scope_for(asker), carried_out.pk)


def test_a_job_that_fails_is_told(asker: StaffAccount, duc: StaffAccount, long_trace: Trace, client: Client) -> None:
    act = ask_export(scope_for(asker), long_trace.pk, asked_for())
    approve(scope_for(duc), act.pk)
    Trace.objects.filter(pk=long_trace.pk).update(contact_count=502)
    failed = carry_out(system_scope(), act.pk)
    assert (failed.status, failed.outcome, failed.carried_out_at) == (Act.Status.FAILED, "export_mismatch", None)
    assert Entry.objects.filter(action="approvals:act:fail", detail__code="export_mismatch").exists()
    client.force_login(asker)
    assert client.get(reverse("approvals:act", args=[act.pk])).status_code == 200
    assert client.get(reverse("tracing:export_file", args=[act.pk])).status_code == 404
