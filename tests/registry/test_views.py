from io import BytesIO

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.registry.lists import HEADING, LAN, content, counts, imported, person, workbook

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.core.scope import system_scope
from ksdb.places.models import Division
from ksdb.registry import preparing
from ksdb.registry.actions import ImportBroken, start_import
from ksdb.registry.jobs import check_list, run_import
from ksdb.registry.models import Import, Resident
from ksdb.registry.preparing import PreparingBroken

pytestmark = pytest.mark.django_db


@pytest.fixture
def of_a(client: Client, binh: StaffAccount) -> Client:
    client.force_login(binh)
    return client


@pytest.fixture
def of_b(minh: StaffAccount) -> Client:
    client = Client()
    client.force_login(minh)
    return client


def text(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


def search(client: Client, **changes: str) -> str:
    sent = {"name": "lan", "birth_year": "", "purpose": "card_service", **changes}
    return client.post(reverse("registry:residents"), sent).content.decode()


def test_the_search_shows_only_the_own_jurisdiction(of_a: Client, of_b: Client, lan: Resident) -> None:
    assert "Nguyễn Thị Lan" in search(of_a)
    assert "Nguyễn Thị Lan" not in search(of_b)
    assert "Không tìm thấy ai" in search(of_b)


def test_a_search_needs_a_name_and_a_purpose(of_a: Client, lan: Resident) -> None:
    assert "Nguyễn Thị Lan" not in text(of_a, reverse("registry:residents"))
    for changes in ({"name": ""}, {"purpose": ""}, {"purpose": "curiosity"}, {"birth_year": "year"}):
        page = search(of_a, **changes)
        assert "Nguyễn Thị Lan" not in page
        assert "govuk-error-summary" in page
    assert not Entry.objects.filter(subject="resident").exists()


def test_a_name_sent_in_an_address_is_not_looked_for(of_a: Client, lan: Resident) -> None:
    page = text(of_a, reverse("registry:residents") + "?name=lan&purpose=card_service")
    assert "Nguyễn Thị Lan" not in page


def test_a_record_opens_for_a_purpose(of_a: Client, lan: Resident, binh: StaffAccount) -> None:
    url = reverse("registry:resident", args=[lan.pk])
    asked = text(of_a, url)
    assert "Nguyễn Thị Lan" not in asked
    assert 'name="purpose"' in asked
    shown = text(of_a, url + "?purpose=correction")
    assert "Nguyễn Thị Lan" in shown
    assert "Nguyễn" not in shown[shown.index("<title>") : shown.index("</title>")]
    assert [entry.purpose for entry in Entry.objects.filter(subject="resident", subject_id=lan.pk)] == ["correction"]


def test_a_record_of_elsewhere_is_not_found(of_b: Client, lan: Resident) -> None:
    assert of_b.get(reverse("registry:resident", args=[lan.pk]) + "?purpose=correction").status_code == 404


def test_a_list_is_uploaded_queued_and_done_by_the_worker(
    of_a: Client, commune_a: Division, binh: StaffAccount
) -> None:
    file = SimpleUploadedFile("danh sách.xlsx", content(workbook(LAN, person(2, name=None))))
    response = of_a.post(reverse("registry:imports"), {"division": commune_a.pk, "file": file})
    source = Import.objects.get()
    assert response["Location"] == reverse("registry:import_detail", args=[source.pk])
    waiting = text(of_a, response["Location"])
    assert 'hx-trigger="every 2s"' in waiting
    assert "<progress" in waiting
    run_import(import_id=source.pk, actor_id=binh.pk)
    page = text(of_a, response["Location"])
    assert "hx-trigger" not in page
    assert "Thiếu họ tên" in page
    assert reverse("registry:import_rejected", args=[source.pk]) in page
    assert "danh sách.xlsx" in text(of_a, reverse("registry:imports"))


@pytest.mark.parametrize("name", ["ds.xls", "ds.pdf", "ds"])
def test_other_files_are_refused_in_the_form(of_a: Client, commune_a: Division, name: str) -> None:
    sent = {"division": commune_a.pk, "file": SimpleUploadedFile(name, b"x")}
    page = of_a.post(reverse("registry:imports"), sent).content.decode()
    assert "govuk-error-summary" in page
    assert not Import.objects.exists()


def test_a_division_of_elsewhere_is_no_choice(of_b: Client, commune_a: Division) -> None:
    sent = {"division": commune_a.pk, "file": SimpleUploadedFile("ds.xlsx", content(workbook(LAN)))}
    assert "govuk-error-summary" in of_b.post(reverse("registry:imports"), sent).content.decode()
    assert not Import.objects.exists()


def test_an_import_of_elsewhere_is_not_found(of_b: Client, commune_a: Division) -> None:
    done = imported(commune_a, content(workbook(LAN, person(2, name=None))))
    for name in ("import_detail", "import_rejected"):
        assert of_b.get(reverse(f"registry:{name}", args=[done.pk])).status_code == 404
    assert not Entry.objects.filter(action="registry:rejected:export").exists()


def test_the_correction_file_is_a_workbook_and_each_download_is_audited(of_a: Client, commune_a: Division) -> None:
    done = imported(commune_a, content(workbook(LAN, person(2, name=None))))
    response = of_a.get(reverse("registry:import_rejected", args=[done.pk]))
    book = openpyxl.load_workbook(BytesIO(b"".join(response)))
    assert book.sheetnames == ["Cần sửa", "Cảnh báo"]
    assert "no-store" in response["Cache-Control"]
    assert Entry.objects.filter(action="registry:rejected:export", subject_id=done.pk).count() == 1


def test_a_list_with_nothing_to_correct_has_no_correction_file(of_a: Client, commune_a: Division) -> None:
    done = imported(commune_a, content(workbook(LAN)))
    assert of_a.get(reverse("registry:import_rejected", args=[done.pk])).status_code == 404


def test_a_missing_heading_is_named_on_the_page(of_a: Client, commune_a: Division) -> None:
    done = imported(commune_a, content(workbook(LAN, heading=["Họ tên", "Sinh vào lúc", "Tổ", *HEADING[3:]])))
    page = text(of_a, reverse("registry:import_detail", args=[done.pk]))
    assert "Ngày sinh" in page
    assert "Sinh vào lúc" in page


def test_the_sample_is_a_list_that_imports(of_a: Client, commune_a: Division) -> None:
    response = of_a.get(reverse("registry:import_sample"))
    assert imported(commune_a, response.content).imported_count == 2


def test_pages_are_for_those_who_may(client: Client, commune_a: Division) -> None:
    for name in ("residents", "imports", "import_sample"):
        url = reverse(f"registry:{name}")
        client.logout()
        assert client.get(url)["Location"].startswith(reverse("access:sign_in"))
        client.force_login(StaffAccount.objects.get_or_create(username="new", full_name="Người mới")[0])
        assert client.get(url).status_code == 403


def test_an_import_that_broke_off_is_gone_on_with(
    of_a: Client, of_b: Client, commune_a: Division, binh: StaffAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken in its second chunk: the page has a button, and the worker goes on behind the row that was the last."""
    monkeypatch.setattr(preparing, "CHUNK_ROWS", 2)
    data = content(workbook(*(person(n, birth="1956" if n < 4 else "1890") for n in range(1, 6))))
    source = start_import(system_scope(), commune_a.pk, "ds.xlsx", data)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE resident ADD CONSTRAINT no_third CHECK (source_row <> 6)")
        with pytest.raises(ImportBroken):
            run_import(import_id=source.pk, actor_id=binh.pk)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE resident DROP CONSTRAINT no_third")
    path = f"/imports/{source.pk}/"
    assert "Làm tiếp sau dòng 5" in text(of_a, path)
    assert "Bỏ danh sách" not in text(of_a, path)
    assert of_b.post(f"{path}resume/").status_code == 404
    assert of_a.post(f"{path}resume/").status_code == 302
    job = ProcrastinateJob.objects.get(task_name="ksdb.registry.jobs.run_import", status="todo")
    run_import(**job.args)
    source.refresh_from_db()
    assert (source.status, *counts(source)) == ("done", 3, 0, 2)
    assert "Danh sách này đang được nhập" in of_a.post(f"{path}resume/", follow=True).content.decode()


def test_a_check_that_broke_off_is_done_again_or_the_list_discarded(of_a: Client, commune_a: Division) -> None:
    upload = SimpleUploadedFile("ds.xlsx", content(workbook(LAN)))
    of_a.post("/imports/", {"division": commune_a.pk, "file": upload})
    source = Import.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # the worker took it, and it broke off
    Import.objects.update(status="failed", failure=PreparingBroken.code)
    assert "Bắt đầu lại" in text(of_a, f"/imports/{source.pk}/")
    of_a.post(f"/imports/{source.pk}/resume/")
    check_list(import_id=source.pk, actor_id=None)
    source.refresh_from_db()
    assert (source.status, source.failure) == ("checked", "")
    Import.objects.update(status="failed", failure=PreparingBroken.code)
    of_a.post(f"/imports/{source.pk}/discard/")
    assert not Import.objects.exists()


def test_the_province_is_a_choice_of_whoever_holds_it(client: Client, hanh: StaffAccount, of_b: Client) -> None:
    client.force_login(hanh)
    assert "Thành phố Huế" in text(client, "/imports/")
    assert "Thành phố Huế" not in text(of_b, "/imports/")
