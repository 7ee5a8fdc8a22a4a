"""Days past the retention go, with a proof; a day goes earlier by two persons only, and not while a case needs it."""

import hashlib
import os
import struct
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse
from tests.approvals.conftest import COMPUTERS, HEALTH, in_unit, second
from tests.conftest import scope_for
from tests.visits.conftest import ago, noon

from ksdb.access.models import StaffAccount
from ksdb.approvals.actions import approve
from ksdb.approvals.models import Act
from ksdb.audit.models import Entry
from ksdb.cards.actions.printing import erase_sheets
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import system_scope
from ksdb.places.models import Division
from ksdb.registry.actions import erase_lists
from ksdb.registry.models import Import, Resident
from ksdb.tracing.actions import CaseFacts, load_profiles, open_case
from ksdb.tracing.actions.keeping import close_case
from ksdb.visits.actions import ask_day_delete, erase_exports, keep_partitions, note_retention
from ksdb.visits.keeping import DayHeld, DayNotOver
from ksdb.visits.queries import days_kept

WHY = "Thiết bị thử nghiệm ghi nhầm cả ngày"


def counts() -> dict[date, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (scanned_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date, count(*) FROM visit GROUP BY 1")
        return dict(cursor.fetchall())


def partition(on: date) -> str:
    return f"visit_{on:%Y%m%d}"


def keys_sha256(on: date, count: int) -> str:
    """The hash of the keys as the proof says it, worked out in another way."""
    since_2000 = int((noon(on).timestamp() - 946_684_800) * 1_000_000)
    return hashlib.sha256(b"".join(struct.pack(">iqiq", 7, since_2000, 3, n) for n in range(count))).hexdigest()


@pytest.fixture
def asker(hanh: StaffAccount) -> StaffAccount:
    return in_unit(hanh, HEALTH)


@pytest.fixture
def duc(db: None) -> StaffAccount:
    province = Division.objects.get(kind=Division.Kind.PROVINCE, valid_from=date(2025, 7, 1))
    return second("duc", "Phan Minh Đức", COMPUTERS, province)


def test_the_retention_drops_old_days_and_proves_it(log: None) -> None:
    dropped = keep_partitions(system_scope())
    assert dropped == [f"{log}_{ago(30):%Y%m%d}" for log in ("foreign_scan", "refusal", "visit", "visit_flag")]
    assert counts() == {ago(28): 2, ago(1): 4}
    proofs = {entry.detail["partition"]: entry.detail for entry in Entry.objects.filter(action="visits:day:drop")}
    assert set(proofs) == set(dropped)
    assert proofs[partition(ago(30))] == {
        "partition": partition(ago(30)),
        "rows": 3,
        "first_at": noon(ago(30)).astimezone(now().tzinfo).isoformat(),
        "last_at": noon(ago(30)).astimezone(now().tzinfo).isoformat(),
        "keys_sha256": keys_sha256(ago(30), 3),
    }
    assert proofs[f"refusal_{ago(30):%Y%m%d}"]["rows"] == 0
    assert keep_partitions(system_scope()) == []


def test_a_shorter_retention_drops_more(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSDB_RETENTION_DAYS", "27")
    settings.cache_clear()
    keep_partitions(system_scope())
    assert counts() == {ago(28): 2, ago(1): 4}, "nothing goes before the owner has noted the shorter time"
    note_retention(system_scope())
    keep_partitions(system_scope())
    assert counts() == {ago(1): 4}


def test_the_database_itself_keeps_the_days_of_the_retention(log: None, asker: StaffAccount) -> None:
    drop = "SELECT drop_partition(%s)"
    for on in (ago(28), ago(1)):
        with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="two persons"), transaction.atomic():
            cursor.execute(drop, [partition(on)])
    ask_day_delete(scope_for(asker), ago(1), WHY)
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="two persons"), transaction.atomic():
        cursor.execute(drop, [partition(ago(1))])
    with connection.cursor() as cursor:
        cursor.execute(drop, [partition(ago(30))])
    assert counts() == {ago(28): 2, ago(1): 4}


def test_nobody_but_an_administrator_drops(log: None, binh: StaffAccount) -> None:
    with pytest.raises(NotAllowed):
        keep_partitions(scope_for(binh))
    assert ago(30) in counts()


@pytest.mark.parametrize("name", ["resident", "visit", "visit_20200101", "audit_entry"])
def test_what_is_no_day_is_not_dropped(db: None, name: str) -> None:
    with connection.cursor() as cursor, pytest.raises(ProgrammingError, match="not a day"), transaction.atomic():
        cursor.execute("SELECT drop_partition(%s)", [name])


def test_a_day_goes_early_by_two_persons(log: None, asker: StaffAccount, duc: StaffAccount) -> None:
    act = ask_day_delete(scope_for(asker), ago(1), WHY)
    assert counts()[ago(1)] == act.payload["count"] == 4
    done = approve(scope_for(duc), act.pk)
    assert done.result == {"count": 4}
    assert counts() == {ago(30): 3, ago(28): 2}
    proof = Entry.objects.get(action="visits:day:delete", detail__partition=partition(ago(1)))
    assert proof.actor_id == asker.pk
    assert (proof.detail["rows"], proof.detail["keys_sha256"]) == (4, keys_sha256(ago(1), 4))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM log_partition WHERE day = %s", [ago(1)])
        assert cursor.fetchone() == (4,), "a late scan of that day finds its partition"


@pytest.mark.parametrize("days", [0, -1, 400])
def test_only_a_day_that_is_over_and_kept(log: None, asker: StaffAccount, days: int) -> None:
    with pytest.raises(DayNotOver):
        ask_day_delete(scope_for(asker), ago(days), WHY)


def test_an_open_case_holds_the_days_it_needs(log: None, asker: StaffAccount, duc: StaffAccount, lan: Resident) -> None:
    asked_before = ask_day_delete(scope_for(asker), ago(1), WHY)
    load_profiles(system_scope())
    case = open_case(system_scope(), lan.pk, CaseFacts("covid-19", today(), today(), None))
    with pytest.raises(DayHeld):
        ask_day_delete(scope_for(asker), ago(1), WHY + ".")
    with pytest.raises(DayHeld):
        approve(scope_for(duc), asked_before.pk)
    kept = days_kept(scope_for(asker))
    infectious = {day.on for day in kept if day.on >= ago(case.profile.days_before_onset)}
    assert {day.on for day in kept if day.is_held} == infectious >= {ago(1)}
    assert ago(1) in counts()
    close_case(system_scope(), case.pk)
    approve(scope_for(duc), asked_before.pk)
    assert ago(1) not in counts()


def test_the_retention_itself_is_not_held(log: None, lan: Resident) -> None:
    """Everybody's visits do not wait for one case: what it needs is the evidence stored with its traces."""
    load_profiles(system_scope())
    open_case(system_scope(), lan.pk, CaseFacts("covid-19", ago(30), ago(30), None))
    keep_partitions(system_scope())
    assert ago(30) not in counts()


def old_file(folder: Path, name: str, age: timedelta) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_bytes(b"Nguyen Thi Lan")
    at = (now() - age).timestamp()
    os.utime(path, (at, at))
    return path


def test_files_taken_out_are_gone_after_a_day(own_var_dir: Path, db: None) -> None:
    old = old_file(own_var_dir / "exports", "act-1.xlsx", timedelta(hours=24, minutes=1))
    new = old_file(own_var_dir / "exports", "act-2.xlsx", timedelta(hours=23))
    assert erase_exports(system_scope()) == 1
    assert (old.exists(), new.exists()) == (False, True)
    entry = Entry.objects.get(action="visits:export:erase")
    assert entry.detail == {"file": "act-1.xlsx", "bytes": 14, "sha256": hashlib.sha256(b"Nguyen Thi Lan").hexdigest()}


def test_lists_and_sheets_are_gone_after_thirty(own_var_dir: Path, commune_a: Division) -> None:
    old_list = old_file(own_var_dir / "imports", "5-rejected.xlsx", timedelta(days=31))
    new_list = old_file(own_var_dir / "imports", "6-rejected.xlsx", timedelta(days=29))
    old_sheet = old_file(own_var_dir / "prints", "batch-1.pdf", timedelta(days=31))
    given = {"division": commune_a, "file_name": "x.xlsx", "file_path": "x", "file_sha256": "x", "created_at": now()}
    source = Import.objects.create(rejected_path=old_list.name, **given)
    assert erase_lists(system_scope()) == 1
    assert erase_sheets(system_scope()) == 1
    assert [path.exists() for path in (old_list, new_list, old_sheet)] == [False, True, False]
    source.refresh_from_db()
    assert source.rejected_path == ""
    assert set(Entry.objects.values_list("action", "detail__file")) >= {
        ("registry:list:erase", "5-rejected.xlsx"),
        ("cards:sheet:erase", "batch-1.pdf"),
    }


def test_the_page_says_what_goes_when(log: None, asker: StaffAccount, client: Client, own_var_dir: Path) -> None:
    old_file(own_var_dir / "exports", "act-1.xlsx", timedelta(hours=2))
    client.force_login(asker)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE visit")
    answer = client.get(reverse("visits:retention"))
    days = {day.on: day for day in answer.context["days"]}
    assert (days[ago(28)].visits, days[ago(28)].goes_on) == (2, today() + timedelta(days=1))
    assert [one.count for one in answer.context["others"]][-1] == 1
    assert reverse("visits:ask_day_delete") in answer.content.decode()
    said = {"day": ago(1).isoformat(), "reason": WHY}
    answer = client.post(reverse("visits:ask_day_delete"), said)
    assert answer["Location"] == reverse("approvals:act", args=[Act.objects.get().pk])
    assert client.post(reverse("visits:ask_day_delete"), said).status_code == 422
