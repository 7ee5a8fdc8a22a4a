"""Traces of two generations, kept and shown, by the index and by SQL."""

from pathlib import Path

import pytest
from tests.conftest import resident_of, scope_for
from tests.tracing.conftest import ScanAt, moment

from ksdb.access.models import StaffAccount
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope, system_scope
from ksdb.places.models import ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import run_trace
from ksdb.tracing.actions.indexing import index_status, refresh_index, verify_index
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.presence import files, refreshing
from ksdb.tracing.queries import Chosen, contact_sheet, trace_page


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in ("refreshing", "opening"):
        monkeypatch.setattr(f"ksdb.tracing.presence.{module}.index_folder", lambda: tmp_path)
    monkeypatch.setattr("ksdb.tracing.actions.indexing.index_folder", lambda: tmp_path)
    return tmp_path


@pytest.fixture
def friend(
    scan: ScanAt, lans_case: CaseRecord, neighbour: Resident, stranger: Resident, market_a: ScanPoint
) -> Resident:
    """Meets the neighbour in the afternoon; somebody else met the neighbour before he met Lan, which is no matter."""
    before, friend = (resident_of(market_a.division, name) for name in ("Ngô Văn Trước", "Đặng Thị Bạn"))
    scan(neighbour, market_a, moment(6))
    scan(before, market_a, moment(6))
    for one in (neighbour, friend):
        scan(one, market_a, moment(14))
        scan(one, market_a, moment(14, 40), is_exit=True)
    return friend


def pk_of(name: str) -> int:
    return int(Resident.objects.get(full_name=name).pk)


@pytest.mark.parametrize("engine", ["index", "sql"])
def test_second_generation_is_kept_with_through_whom(
    folder: Path, engine: str, friend: Resident, neighbour: Resident, lans_case: CaseRecord
) -> None:
    if engine == "index":
        refresh_index(system_scope())
    trace = run_trace(system_scope(), lans_case.pk, "overlap-15", 2)
    assert (trace.engine, trace.index_horizon is not None) == (engine, engine == "index")
    found = [
        (c.resident_id, c.generation, c.seconds, c.through_id) for c in trace.contacts.order_by("generation", "id")
    ]
    assert found == [
        (neighbour.pk, 1, 20 * 60, None),
        (pk_of("Hồ Thị Sen"), 1, 15 * 60, None),
        # He came when Lan left, and met both who had met her.
        (pk_of("Phạm Văn Muộn"), 2, 60 * 60, neighbour.pk),
        (friend.pk, 2, 40 * 60, neighbour.pk),
    ]
    assert (trace.first_count, trace.second_count, trace.contact_count, trace.generations) == (2, 2, 4, 2)
    assert trace.unverified_count == 1


def test_pages_say_how_far_and_through_whom(
    folder: Path, friend: Resident, lans_case: CaseRecord, hanh: StaffAccount
) -> None:
    refresh_index(system_scope())
    trace = run_trace(scope_for(hanh), lans_case.pk, "overlap-15", 2)
    shown = trace_page(scope_for(hanh), trace.pk, Chosen(generation=2))
    assert [(row.person.name, row.generation, row.through and row.through.rank) for row in shown.report.rows] == [
        ("Phạm Văn Muộn", 2, 1),
        ("Đặng Thị Bạn", 2, 1),
    ]
    sheet = contact_sheet(scope_for(hanh), trace.pk, shown.report.rows[1].contact_id)
    assert [one.seconds for one in sheet.evidence] == [40 * 60]
    assert [row.generation for row in trace_page(scope_for(hanh), trace.pk).report.rows] == [1, 1, 2, 2]


def test_status_says_what_the_index_holds(folder: Path, market_day: None, hanh: StaffAccount) -> None:
    assert not index_status(system_scope()).is_used
    refresh_index(system_scope())
    status = index_status(system_scope())
    assert status.is_used
    # In a test all visits are of the transaction that runs, so none is in the files.
    assert (status.visits + status.new_visits) == 8
    with pytest.raises(NotAllowed):
        refresh_index(Scope(actor_id=None))


def test_what_is_damaged_is_named_and_made_anew(folder: Path, market_day: None) -> None:
    manifest = refresh_index(system_scope()).manifest
    assert verify_index(system_scope()) == []
    path = folder / manifest.usual.name
    path.write_bytes(bytes(len(path.read_bytes())))
    assert verify_index(system_scope()) == [path.name]
    assert files.damaged(folder, refreshing.refresh_files().manifest) == []
