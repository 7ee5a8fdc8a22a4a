"""The seal key is exchanged while everything stays readable; broken off, it goes on; the old key then opens nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db.models import BinaryField
from tests.attacks.world import Words, world_of
from tests.conftest import scope_for
from tests.registry.lists import LAN, content, imported, person, workbook

from ksdb.access.models import StaffAccount
from ksdb.access.resealing import sealed_columns
from ksdb.access.sealing import opened_text, sealed_text
from ksdb.audit.models import Entry
from ksdb.cards.actions import make_issuer_key
from ksdb.cli.rotating import run
from ksdb.config import SettingMissing, make_secrets, settings
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Purpose, Scope
from ksdb.core.seal import KeyReplaced, KeyVersionUnknown
from ksdb.followup.models import Event
from ksdb.followup.states import NOTE
from ksdb.places.models import Division
from ksdb.registry import rotating
from ksdb.registry.actions import rotate_seal_key
from ksdb.registry.models import Resident
from ksdb.registry.queries import resident_sheet
from ksdb.registry.rotating import SealKeyNeeded, versions_in_use
from ksdb.registry.sealing import opened, sealer
from ksdb.sms.actions import send_text
from ksdb.visits.disputing import NOTE as DISPUTE_NOTE
from ksdb.visits.models import Dispute
from ksdb.wallet.asking import REQUEST_NOTE
from ksdb.wallet.models import DataRequest

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
    values = versions_in_use()[1]
    assert set(versions_in_use()) == {1}
    seen: list[tuple[int, int]] = []
    done = rotate_seal_key(system, lambda count, total: seen.append((count, total)))
    assert (done.newest, done.resealed, done.unneeded) == (2, values, (1,))
    assert seen[-1] == (values, values)
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
        if count >= 4:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        rotate_seal_key(system, cut)
    left = versions_in_use()[1]
    assert set(versions_in_use()) == {1, 2}
    assert numbers() == before
    done = rotate_seal_key(system)
    assert (done.newest, done.resealed) == (2, left)
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


@pytest.mark.django_db(transaction=True)
def test_the_command_seals_everything_of_every_room_anew(
    secrets: Path, clean_registry: None, commune_a: Division, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a real server, each statement for itself: no transaction of a test's own around it."""
    monkeypatch.setenv("KSDB_SMS_CARRIER", "smpp")
    _forget()
    make_issuer_key(system)
    world_of(commune_a, Words())
    for row in (person(50), person(51, name="Lê Văn Khác", id_number="046156000150")):
        imported(commune_a, content(workbook(row)))  # the second claims the number of the first
    send_text(system, "0905777222", "mã là 123456", hurries=False)
    dispute = Dispute.objects.get()
    Dispute.objects.update(note_sealed=sealer().seal(DISPUTE_NOTE, "đã hỏi chợ"))
    DataRequest.objects.update(note_sealed=sealer().seal(REQUEST_NOTE, "đã sửa"))
    Event.objects.filter(pk=Event.objects.latest("pk").pk).update(note_sealed=sealer().seal(NOTE, "ở nhà với mẹ"))
    account = StaffAccount.objects.get(username=f"asker-{commune_a.pk}")
    Authenticator.objects.create(user=account, type="totp", data={"secret": sealed_text("JBSWY3DP")})
    columns = sealed_columns()
    assert [(one.model.__name__, one.name) for one in columns if not one.rows().exists()] == []
    count = versions_in_use()[1]
    run(makes_key=True)
    assert dict(versions_in_use()) == {2: count}
    (secrets / "seal_key").unlink()
    _forget()
    for column in columns:
        for sealed in column.rows().values_list(column.name, flat=True):
            assert opened(column.sealed_as, bytes(sealed))
    dispute.refresh_from_db()
    assert opened(DISPUTE_NOTE, bytes(dispute.note_sealed or b"")) == "đã hỏi chợ"
    assert opened_text(Authenticator.objects.get().data["secret"]) == "JBSWY3DP"
    run(makes_key=False)
    assert dict(versions_in_use()) == {2: count}


def test_what_only_another_room_has_under_an_older_key_is_gone_on_with(
    people: int, secrets: Path, system: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Residents are done, a message is not: the next run makes no third key, and until then the first is needed."""
    monkeypatch.setenv("KSDB_SMS_CARRIER", "smpp")
    _forget()
    send_text(system, "0905777222", "mã là 123456", hurries=False)
    rotating.make_newest_key()
    rotating._write(rotating._under_older_keys(0))
    assert versions_in_use() == {1: 2, 2: versions_in_use()[2]}
    done = rotate_seal_key(system)
    assert (done.newest, done.resealed, done.unneeded) == (2, 2, (1,))


def test_every_column_that_says_sealed_is_found_by_the_rotation() -> None:
    named = {
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.fields
        if field.name.endswith("_sealed") and isinstance(field, BinaryField)
    }
    assert {(column.model, column.name) for column in sealed_columns()} == named
    assert all(column.sealed_as for column in sealed_columns())


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
    values = versions_in_use()[1]
    assert rotate_seal_key(system).resealed == values
