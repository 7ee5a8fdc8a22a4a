"""What lists are taken out as, and who may; forms that say what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from django.http import FileResponse
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of, scope_for
from tests.followup.conftest import of

from ksdb.access.models import StaffAccount
from ksdb.approvals.kinds import Errand, Kind
from ksdb.approvals.models import Act
from ksdb.audit.models import Entry
from ksdb.config import make_secrets, settings
from ksdb.core.clock import now, today
from ksdb.core.scope import Purpose, system_scope
from ksdb.followup.actions.exporting import ask_list, carry_out_list, paper_list
from ksdb.followup.models import DayEntry, Event, FollowUp
from ksdb.followup.queries.following import Asked, Part
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.registry.sealing import PHONE, sealer
from ksdb.tracing.actions.exporting import Asked as Wanted
from ksdb.tracing.models import CaseRecord, Trace
from ksdb.web.exporting import FileKind, rows_of, rows_sha256

WHY = "Gọi điện cho người tiếp xúc trong ngày"


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    sealer.cache_clear()
    yield
    monkeypatch.undo()
    settings.cache_clear()
    sealer.cache_clear()


@pytest.fixture
def with_phone(followed: Trace, neighbour: Resident) -> Resident:
    neighbour.phone_sealed = sealer().seal(PHONE, "0905123456")
    neighbour.save()
    return neighbour


def test_the_file_has_every_row_with_its_hash_and_each_person_in_the_trail(
    client: Client, binh: StaffAccount, with_phone: Resident, tmp_path: Path
) -> None:
    client.force_login(binh)
    url = reverse("followup:export")
    assert client.post(url, {"purpose": "case_tracing", "kind": "1", "reason": ""}).status_code == 422
    answer = client.post(url, {"purpose": "case_tracing", "kind": "1", "reason": WHY})
    assert isinstance(answer, FileResponse)
    path = tmp_path / "taken.xlsx"
    path.write_bytes(b"".join(answer.streaming_content))  # type: ignore[arg-type]
    (row,) = rows_of(path)
    assert row[0] == with_phone.full_name
    assert row[2] == "0905123456"
    said = {line[0].value: line[1].value for line in openpyxl.load_workbook(path).worksheets[1].iter_rows()}
    assert rows_sha256([row]) in said.values()
    told = Entry.objects.get(action="followup:list:export", subject="resident")
    assert (told.subject_id, told.purpose) == (with_phone.pk, Purpose.CASE_TRACING)
    assert Entry.objects.get(action="followup:list:export", subject="").detail["rows"] == 1


def test_on_paper_with_phones_by_post_alone(client: Client, binh: StaffAccount, with_phone: Resident) -> None:
    client.force_login(binh)
    asking = client.get(reverse("followup:paper")).content.decode()
    assert with_phone.full_name not in asking
    assert client.post(reverse("followup:paper"), {"reason": ""}).status_code == 422
    text = client.post(reverse("followup:paper"), {"reason": WHY}).content.decode()
    assert "0905123456" in text
    assert "Hồ Thị Sen" not in text
    assert Entry.objects.filter(action="followup:list:paper", subject_id=with_phone.pk).exists()
    sheet = Entry.objects.get(action="followup:list:paper", subject="")
    assert (sheet.detail["rows"], sheet.purpose) == (text.count('<th scope="row"'), "case_tracing")
    assert sheet.detail["reason"] == WHY
    assert sheet.detail["sha256"] in text


def test_the_phone_stands_on_the_persons_page_and_opening_it_is_audited(
    client: Client, binh: StaffAccount, with_phone: Resident
) -> None:
    client.force_login(binh)
    assert "0905123456" not in client.get(reverse("followup:today")).content.decode()
    page = client.get(reverse("followup:person", args=[of(with_phone).pk])).content.decode()
    assert 'href="tel:0905123456"' in page
    assert Entry.objects.get(action="followup:contact:open").detail == {"phone": True}


def test_more_than_500_wait_for_a_second_person(
    client: Client, followed: Trace, commune_a: Division, hanh: StaffAccount
) -> None:
    template = resident_of(commune_a, "Người Mẫu")
    keys = {
        "division": template.division,
        "search_key": "x",
        "sort_key": "x",
        "birth_year": 1990,
        "registered_at": now(),
    }
    people = Resident.objects.bulk_create(Resident(full_name=f"Người {number}", **keys) for number in range(500))
    days = {"last_exposed_at": now(), "until_on": today(), "next_on": today(), "opened_at": now()}
    FollowUp.objects.bulk_create(
        FollowUp(resident=one, division=template.division, ward=commune_a, **days) for one in people
    )
    client.force_login(hanh)
    answer = client.post(reverse("followup:paper"), {"reason": WHY})
    assert answer["Location"] == reverse("followup:export")
    assert not Entry.objects.filter(action="followup:list:paper").exists()
    assert len(paper_list(system_scope(), Asked(case=followed.case_id), WHY).printed) == 2
    answer = client.post(reverse("followup:export"), {"purpose": "case_tracing", "kind": "2", "reason": WHY})
    act = Act.objects.get()
    assert answer["Location"] == reverse("approvals:act", args=[act.pk])
    assert client.get(answer["Location"]).status_code == 200
    assert (act.kind, act.payload["count"], act.reason) == (Kind.FOLLOWUP_EXPORT, 502, WHY)
    assert client.get(reverse("followup:export_file", args=[act.pk])).status_code == 404  # nobody decided yet
    done = carry_out_list(scope_for(hanh), Errand(act.pk, act.payload, act.reason))
    assert done == {"count": 502}
    Act.objects.update(decision="approved", outcome="done", carried_out_at=now())
    taken = client.get(reverse("followup:export_file", args=[act.pk]))
    assert b"".join(taken.streaming_content).count(b"\n") == 502 + 2  # type: ignore[attr-defined]
    asked = Asked(Part.OPEN, commune_a.pk, followed.case_id)
    ask_list(scope_for(hanh), asked, Wanted(Purpose.CASE_TRACING, WHY, FileKind.CSV))
    narrow = Act.objects.latest("pk")
    done = carry_out_list(scope_for(hanh), Errand(narrow.pk, narrow.payload, narrow.reason))
    assert done == {"count": narrow.payload["count"]} == {"count": 1}


def test_what_cannot_be_is_said_at_its_field(client: Client, binh: StaffAccount, with_phone: Resident) -> None:
    client.force_login(binh)
    one = of(with_phone).pk
    wrong = [
        ("call", {"status": "reached", "reason": "no_answer"}, "status"),
        ("call", {"status": "reached", "reason": "other"}, "note"),
        ("day", {"on": today().isoformat(), "temperature": "99"}, "temperature"),
        ("day", {"on": today().isoformat(), "symptoms": ["plague"]}, "symptoms"),
        ("close", {"reason": ""}, "reason"),
        ("assign", {"ward": "1"}, "ward"),
    ]
    for name, given, field in wrong:
        answer = client.post(reverse(f"followup:{name}", args=[one]), given)
        assert answer.status_code == 422
        assert list(answer.context["form"].errors) == [field]
    assert Event.objects.filter(follow_up=one).count() == 1
    assert not DayEntry.objects.exists()


def test_the_page_of_a_case_leads_to_its_trace(
    client: Client, hanh: StaffAccount, followed: Trace, with_phone: Resident
) -> None:
    client.force_login(hanh)
    facts = {"profile": "covid-19", "sampled_on": today().isoformat()}
    answer = client.post(reverse("followup:became_case", args=[of(with_phone).pk]), facts)
    opened = CaseRecord.objects.exclude(pk=followed.case_id).get()
    assert answer["Location"] == reverse("tracing:case", args=[opened.pk])
    assert (
        reverse("followup:case", args=[followed.case_id])
        in client.get(reverse("tracing:trace", args=[followed.pk])).content.decode()
    )
