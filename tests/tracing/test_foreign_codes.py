"""Whoever held out another system's code is found by a trace like everybody else, once the number is known."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.db import connection
from tests.conftest import resident_of
from tests.tracing.conftest import moment

from ksdb.audit.models import Entry
from ksdb.config import make_secret, settings
from ksdb.core.decision import ForeignKind, Mark
from ksdb.core.scope import Scope, system_scope
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.registry.scan_keys import device_hash
from ksdb.registry.sealing import ID_NUMBER, sealer
from ksdb.tracing.actions import run_trace
from ksdb.tracing.models import CaseRecord, Trace
from ksdb.visits.actions import match_codes
from ksdb.visits.queries import foreign_counts

NUMBER = "046012345678"
Shown = Callable[[str, datetime], None]


@pytest.fixture
def shown(profiles: Scope, market_a: ScanPoint) -> Shown:
    """Stores a scan of a chip card as the gateway does: the number under the key that devices have now."""

    def show(number: str, at: datetime) -> None:
        device_key = settings().foreign_key()
        assert device_key is not None
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH kept AS (INSERT INTO visit (point_id, scanned_at, device_id, sequence, result, marks)"
                " SELECT %s, %s, 9, count(*) + 1, 2, %s FROM visit RETURNING point_id, scanned_at, device_id, sequence)"
                " INSERT INTO foreign_scan (point_id, scanned_at, device_id, sequence, kind, id_key)"
                " SELECT *, %s, %s FROM kept",
                [market_a.pk, at, Mark.FOREIGN, ForeignKind.CHIP_ID, device_hash(device_key[1], number)],
            )

    return show


def give_number(resident: Resident, number: str) -> Resident:
    resident.id_number_sealed = sealer().seal(ID_NUMBER, number)
    resident.id_number_key = sealer().match_key(ID_NUMBER, number)
    resident.save()
    return resident


def contacts(case: CaseRecord) -> tuple[set[int], Trace]:
    trace = run_trace(system_scope(), case.pk, "overlap-15")
    return set(trace.contacts.values_list("resident_id", flat=True)), trace


def hashes() -> list[tuple[bytes | None, bytes | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id_key, scan_key FROM foreign_scan ORDER BY sequence")
        return list(cursor.fetchall())


def test_the_visit_counts_for_whom_the_registry_knows(
    lans_case: CaseRecord, commune_b: Division, shown: Shown, system: Scope
) -> None:
    """One is registered before the scan, one after it, and one is known to nobody."""
    known, _ = contacts(lans_case)
    before = give_number(resident_of(commune_b, "Phan Thị Hồng"), NUMBER)
    for number in (NUMBER, "046000000001", "046000000002"):
        shown(number, moment(8, 5))
    ((sent, _), *_rest) = hashes()
    done = match_codes(system)
    assert (done.replaced, done.visits) == (3, 1)
    assert [(id_key, scan_key is None) for id_key, scan_key in hashes()] == [(None, False)] * 3
    assert sent not in {scan_key for _, scan_key in hashes()}, "who holds a device's key could try all numbers"
    found, trace = contacts(lans_case)
    assert (found, trace.unverified_count) == (known | {before.pk}, 3)
    later = give_number(resident_of(commune_b, "Võ Văn Tư"), "046000000001")
    assert match_codes(system).visits == 1
    found, trace = contacts(lans_case)
    assert (found, trace.unverified_count) == (known | {before.pk, later.pk}, 2)
    assert [(one.kind, one.scans, one.matched) for one in foreign_counts(system)] == [(ForeignKind.CHIP_ID, 3, 2)]
    assert [entry.detail["count"] for entry in Entry.objects.filter(action="visits:code:match")] == [1, 1]
    assert (match_codes(system).replaced, match_codes(system).visits) == (0, 0)


def test_a_corrected_number_is_known_by_the_new_one_alone(
    lan: Resident, shown: Shown, system: Scope, market_a: ScanPoint
) -> None:
    give_number(lan, NUMBER)
    assert match_codes(system).keys == 1
    give_number(lan, "046000000001")
    shown(NUMBER, moment(8))
    shown("046000000001", moment(9))
    assert match_codes(system).visits == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT scanned_at FROM visit WHERE resident_id = %s", [lan.pk])
        assert cursor.fetchall() == [(moment(9),)]


def test_with_a_new_key_for_devices_the_old_one_goes_on_counting(
    lan: Resident, shown: Shown, system: Scope, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A device that was offline for a week hashes with the key it had."""
    for name in ("foreign_key", "foreign_key_2"):
        make_secret(tmp_path / name)
    monkeypatch.setenv("KSDB_FOREIGN_KEY_FILE", str(tmp_path / "foreign_key"))
    give_number(lan, NUMBER)
    match_codes(system)
    shown(NUMBER, moment(8))
    monkeypatch.setenv("KSDB_FOREIGN_KEY_2_FILE", str(tmp_path / "foreign_key_2"))
    shown(NUMBER, moment(9))
    assert len({id_key for id_key, _ in hashes()}) == 2
    assert match_codes(system).visits == 2
