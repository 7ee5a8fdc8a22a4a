"""The seal key is exchanged while everything stays readable; broken off, it goes on; the old key then opens nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.conftest import scope_for
from tests.registry.lists import LAN, content, imported, person, workbook

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.config import SettingMissing, make_secrets, settings
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Purpose, Scope
from ksdb.core.seal import KeyReplaced, KeyVersionUnknown
from ksdb.places.models import Division
from ksdb.registry import rotating
from ksdb.registry.actions import rotate_seal_key
from ksdb.registry.models import Resident
from ksdb.registry.queries import resident_sheet
from ksdb.registry.rotating import SealKeyNeeded, versions_in_use
from ksdb.registry.sealing import opened, sealer

pytestmark = pytest.mark.django_db


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installation with keys of its own."""
    make_secrets(tmp_path)
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    _forget()
    yield tmp_path / "secrets"
    monkeypatch.undo()
    _forget()


def _forget() -> None:
    settings.cache_clear()
    sealer.cache_clear()


@pytest.fixture
def people(secrets: Path, commune_a: Division) -> int:
    imported(commune_a, content(workbook(LAN, *(person(n) for n in range(2, 9)))))
    return Resident.objects.count()


def numbers() -> list[tuple[str, ...]]:
    rows = Resident.objects.order_by("pk").values_list("id_number_sealed", "phone_sealed")
    fields = ("id_number", "phone")
    return [tuple(opened(f, bytes(s)) if s else "" for f, s in zip(fields, row, strict=True)) for row in rows]


def test_all_is_sealed_anew_and_reads_as_before(people: int, secrets: Path, system: Scope) -> None:
    before, keys = numbers(), set(Resident.objects.values_list("id_number_key", flat=True))
    assert set(versions_in_use()) == {1}
    seen: list[tuple[int, int]] = []
    done = rotate_seal_key(system, lambda count, total: seen.append((count, total)))
    assert (done.newest, done.resealed, done.unneeded) == (2, people, (1,))
    assert seen[-1] == (people, people)
    assert set(versions_in_use()) == {2}
    assert numbers() == before
    assert set(Resident.objects.values_list("id_number_key", flat=True)) == keys
    assert (secrets / "seal_key_2").stat().st_mode & 0o077 == 0


def test_without_the_old_key_all_is_read_and_a_new_start_makes_no_other(
    people: int, secrets: Path, system: Scope, binh: StaffAccount
) -> None:
    rotate_seal_key(system)
    (secrets / "seal_key").unlink()
    make_secrets(secrets.parent)
    _forget()
    assert not (secrets / "seal_key").exists()
    lan = Resident.objects.get(full_name="Nguyễn Thị Lan")
    assert resident_sheet(scope_for(binh), lan.pk, Purpose.CORRECTION).id_number.endswith("0011")
    assert rotate_seal_key(system).newest == 3


def test_without_the_new_key_nothing_is_read(people: int, secrets: Path, system: Scope) -> None:
    rotate_seal_key(system)
    (secrets / "seal_key_2").unlink()
    _forget()
    with pytest.raises(KeyReplaced, match="seal_key_2"):
        numbers()


def test_a_process_that_began_before_reads_what_the_new_key_sealed(people: int, secrets: Path, system: Scope) -> None:
    old = sealer()
    rotate_seal_key(system)
    sealed = bytes(Resident.objects.exclude(phone_sealed=None)[0].phone_sealed or b"")
    with pytest.raises(KeyVersionUnknown):
        old.open("phone", sealed)
    assert opened("phone", sealed)


def test_broken_off_it_goes_on_with_the_same_key(people: int, system: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotating, "BATCH", 2)
    before = numbers()

    class PowerCutError(Exception):
        pass

    def cut(count: int, _total: int) -> None:
        if count == 4:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        rotate_seal_key(system, cut)
    assert set(versions_in_use()) == {1, 2}
    assert numbers() == before
    done = rotate_seal_key(system)
    assert (done.newest, done.resealed) == (2, people - 4)
    assert set(versions_in_use()) == {2}
    assert numbers() == before


def test_to_finish_makes_no_key(people: int, system: Scope) -> None:
    rotate_seal_key(system)
    done = rotate_seal_key(system, makes_key=False)
    assert (done.newest, done.resealed) == (2, 0)


def test_who_changes_a_number_meanwhile_wins(people: int, secrets: Path, system: Scope) -> None:
    rotating.make_newest_key()
    rows = rotating._under_older_keys(0)
    changed = Resident.objects.get(pk=rows[0][0])
    changed.phone_sealed = sealer().seal("phone", "0999999999")
    changed.save(update_fields=["phone_sealed"])
    rotating._write(rows)
    changed.refresh_from_db()
    assert opened("phone", bytes(changed.phone_sealed or b"")) == "0999999999"


def test_an_import_after_the_rotation_uses_the_new_key(people: int, commune_a: Division, system: Scope) -> None:
    rotate_seal_key(system)
    imported(commune_a, content(workbook(person(40))))
    assert set(versions_in_use()) == {2}


def test_the_rotation_is_in_the_trail_and_the_systems_alone(people: int, system: Scope, binh: StaffAccount) -> None:
    with pytest.raises(NotAllowed):
        rotate_seal_key(scope_for(binh))
    rotate_seal_key(system)
    acts = Entry.objects.filter(action__startswith="registry:seal_key").order_by("pk")
    assert [(one.action, one.detail["version"]) for one in acts] == [
        ("registry:seal_key:make", 2),
        ("registry:seal_key:rotate", 2),
    ]


def test_keys_from_elsewhere_are_not_made_here(
    people: int, secrets: Path, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = (secrets / "seal_key").read_text()
    (secrets / "seal_key").unlink()
    with pytest.raises(SettingMissing):
        settings().seal_keys()
    monkeypatch.setenv("KSDB_SEAL_KEY", key)
    with pytest.raises(SealKeyNeeded):
        rotate_seal_key(system)
    monkeypatch.setenv("KSDB_SEAL_KEY_2", "12" * 32)
    assert rotate_seal_key(system).resealed == people
