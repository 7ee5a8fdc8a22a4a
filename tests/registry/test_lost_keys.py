"""A lost key is refused, never silently replaced: at the start, in every process, and by the commands."""

from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo
from tests.conftest import commune, resident_of

from ksdb.access.sealing import known_checks, sealer, sealer_of_now
from ksdb.audit.actions import record
from ksdb.cli import secrets as cli_secrets
from ksdb.cli.doctor import look
from ksdb.config import make_secret, make_secrets, secrets_missing, settings
from ksdb.core.scope import Scope
from ksdb.core.seal import KeyReplaced
from ksdb.registry.actions import rotate_seal_key
from ksdb.registry.models import Resident
from ksdb.registry.proving import prove_keys
from ksdb.registry.sealing import ID_NUMBER

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    sealer.cache_clear()
    return tmp_path / "secrets"


@pytest.fixture(autouse=True)
def forgotten() -> "object":
    yield
    settings.cache_clear()
    sealer.cache_clear()


@pytest.fixture
def lan_sealed(folder: Path) -> Resident:
    lan = resident_of(commune("Phường Hương Vân"), "Nguyễn Thị Lan")
    lan.id_number_sealed = sealer().seal(ID_NUMBER, "046156000001")
    lan.id_number_key = sealer().match_key(ID_NUMBER, "046156000001")
    lan.save()
    return lan


def exchange(path: Path) -> None:
    path.unlink()
    make_secret(path)
    sealer.cache_clear()


def test_keys_are_noted_once_they_are_proved(lan_sealed: Resident) -> None:
    prove_keys()
    assert set(known_checks()) == {"seal_key", "match_key"}
    prove_keys()
    assert sealer_of_now().open(ID_NUMBER, bytes(lan_sealed.id_number_sealed or b"")) == "046156000001"


@pytest.mark.parametrize("name", ["seal_key", "match_key"])
def test_another_key_is_refused_before_anything_is_noted(lan_sealed: Resident, folder: Path, name: str) -> None:
    exchange(folder / name)
    with pytest.raises(KeyReplaced, match=name):
        prove_keys()
    assert known_checks() == {}


@pytest.mark.parametrize("name", ["seal_key", "match_key"])
def test_once_noted_no_process_seals_with_another(lan_sealed: Resident, folder: Path, name: str) -> None:
    prove_keys()
    exchange(folder / name)
    with pytest.raises(KeyReplaced, match=name):
        sealer()


def test_an_empty_database_takes_any_keys(folder: Path) -> None:
    prove_keys()
    exchange(folder / "seal_key")
    with pytest.raises(KeyReplaced, match="seal_key"):
        sealer()


def test_a_rotation_is_noted_and_the_old_key_may_go(lan_sealed: Resident, folder: Path, system: Scope) -> None:
    prove_keys()
    rotate_seal_key(system)
    (folder / "seal_key").unlink()
    sealer.cache_clear()
    prove_keys()
    assert secrets_missing(settings()) == []
    (folder / "seal_key_2").rename(folder / "seal_key")
    sealer.cache_clear()
    with pytest.raises(KeyReplaced, match="seal_key, seal_key_2"):
        sealer()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", ["seal_key", "match_key"])
def test_the_commands_make_no_fresh_key_for_sealed_residents(
    clean_registry: None, lan_sealed: Resident, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    monkeypatch.setenv("KSDB_DATABASE_URL", url)
    (folder / name).unlink()
    settings.cache_clear()
    with pytest.raises(KeyReplaced, match=name):
        cli_secrets.make_where_new()
    assert not (folder / name).exists()
    Resident.objects.all().delete()
    cli_secrets.make_where_new()
    assert (folder / name).exists()


@pytest.mark.django_db(transaction=True)
def test_the_doctor_names_the_wrong_key(clean_registry: None, lan_sealed: Resident, folder: Path) -> None:
    prove_keys()
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    ours = replace(settings(), database_url=url)

    def is_well() -> bool:
        return next(f.is_well for f in look(ours) if "this database was written with" in f.what)

    assert is_well()
    exchange(folder / "match_key")
    assert not is_well()
    with psycopg.connect(url) as direct:
        direct.execute("DELETE FROM key_check")


@pytest.mark.django_db(transaction=True)
def test_the_doctor_sees_a_clock_that_was_set_back(clean_registry: None, lan_sealed: Resident, system: Scope) -> None:
    prove_keys()
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    ours = replace(settings(), database_url=url)

    def is_well() -> bool:
        return next(f.is_well for f in look(ours) if "set back" in f.what)

    record(system, "x:y:z")
    assert is_well()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_entry (at, actor_name, action, subject, purpose, detail)"
            " VALUES (now() + interval '1 hour', '', 'x:y:z', '', '', '{}')"
        )
    assert not is_well()
