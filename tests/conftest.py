"""The cast: Hạnh (province), Bình (officer of A), Minh (officer of B, must see nothing of A), Lan (resident of A)."""

import gc
from collections.abc import Callable, Iterable, Iterator
from datetime import date, time, timedelta

import pytest
from django.contrib.auth.signals import user_logged_in
from django.db import connection
from django.http import HttpRequest
from pytest_django.plugin import DjangoDbBlocker

from ksdb.access.actions import give_grant, make_account
from ksdb.access.models import StaffAccount
from ksdb.access.queries import scope_of
from ksdb.access.sealing import sealer
from ksdb.access.trail import note_second_factor
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.names import search_key, sort_key
from ksdb.core.scope import Role, Scope, system_scope
from ksdb.places.actions import ensure_group, load_reference, make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Household, Resident
from ksdb.tracing.actions import load_profiles
from tests import hashing  # noqa: F401 - accounts of tests are hashed lightly
from tests.restoring import restored_after_commits

ERA_2021 = date(2021, 7, 1)
Setting = Callable[..., None]
PASSWORD = "một mật khẩu đủ dài 2021"


LONGEST = (
    "attacks/test_hostile_input.py",
    "attacks/test_objects.py",
    "attacks/test_markup.py",
    "wallet/test_walk.py",
    "outreach/test_walk.py",
    "gateway/test_scanner.py",
    "house/test_pages.py",
    "attacks/test_doors.py",
    "gateway/faults/test_lines.py",
    "acceptance/test_main_job.py",
    "gateway/test_scanner_lanes.py",
    "attacks/test_traces_left.py",
    "cards/test_jobs.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes half a minute or more comes first: begun last, it would keep one core while the other rests."""
    places = {path: place for place, path in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.location[0].removeprefix("tests/"), len(LONGEST)))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The divisions of the province stand in the test database once; tests roll back to that, or are put back to it."""
    with django_db_blocker.unblock():
        load_reference(system_scope())
        restored_after_commits()
    yield
    # A thread of a live server may not have hung up yet, and a database in use cannot be dropped.
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture
def system() -> Scope:
    return system_scope()


def commune(name: str, valid_from: date = ERA_2021) -> Division:
    return Division.objects.get(name=name, valid_from=valid_from, kind=Division.Kind.COMMUNE)


@pytest.fixture
def commune_a(db: None) -> Division:
    return commune("Phường Hương Vân")


@pytest.fixture
def commune_b(db: None) -> Division:
    return commune("Phường Hương Văn")


def staff(username: str, full_name: str, role: Role, division: Division) -> StaffAccount:
    account = make_account(system_scope(), username, full_name, PASSWORD, unit=division.name)
    give_grant(system_scope(), account, role, division.pk, today() - timedelta(days=1))
    return account


@pytest.fixture
def whole_province(db: None) -> Division:
    return Division.objects.get(kind=Division.Kind.PROVINCE, valid_from=date(2025, 7, 1))


@pytest.fixture
def hanh(whole_province: Division) -> StaffAccount:
    """Administrator and epidemiologist of the whole province."""
    account = staff("hanh", "Trần Thị Hạnh", Role.EPIDEMIOLOGIST, whole_province)
    give_grant(system_scope(), account, Role.ADMINISTRATOR, whole_province.pk, today() - timedelta(days=1))
    return account


@pytest.fixture
def binh(commune_a: Division) -> StaffAccount:
    return staff("binh", "Lê Văn Bình", Role.WARD_OFFICER, commune_a)


@pytest.fixture
def minh(commune_b: Division) -> StaffAccount:
    return staff("minh", "Hồ Nhật Minh", Role.WARD_OFFICER, commune_b)


def scope_for(account: StaffAccount) -> Scope:
    return scope_of(account, today(), "127.0.0.1")


def resident_of(division: Division, full_name: str, birth_year: int = 1956) -> Resident:
    return residents_of(division, [full_name], birth_year)[0]


def residents_of(division: Division, full_names: Iterable[str], birth_year: int = 1956) -> list[Resident]:
    """All of one household."""
    group = ensure_group(system_scope(), division, "Tổ dân phố 1")
    household, _ = Household.objects.get_or_create(
        division=group, book_number="1", defaults={"address": "12 Lý Thái Tổ"}
    )
    people = [
        Resident(
            household=household,
            division=group,
            full_name=full_name,
            search_key=search_key(full_name),
            sort_key=sort_key(full_name),
            sex="female",
            birth_year=birth_year,
            registered_at=now(),
        )
        for full_name in full_names
    ]
    return Resident.objects.bulk_create(people)


@pytest.fixture
def lan(commune_a: Division) -> Resident:
    return resident_of(commune_a, "Nguyễn Thị Lan")


@pytest.fixture
def market_a(commune_a: Division) -> ScanPoint:
    point = ScanPoint(
        name="Chợ Hương Vân",
        type_id="market",
        division=commune_a,
        opens_at=time(4),
        closes_at=time(18, 30),
        usual_stay_minutes=45,
    )
    return make_points(system_scope(), [point])[0]


@pytest.fixture
def clean_registry(transactional_db: None) -> None:
    """For tests that commit, with the profiles of the diseases."""
    load_profiles(system_scope())


@pytest.fixture(autouse=True)
def keys_of_this_test() -> None:
    """Some tests have folders, and so keys, of their own: none goes on with the keys of the one before."""
    sealer.cache_clear()


@pytest.fixture(autouse=True, scope="session")
def forced_sign_ins_are_whole() -> None:
    """`client.force_login` stands for a sign-in with all its steps; the steps themselves are tested in tests/access.

    It makes its request out of nothing, without a path, which no real one lacks.
    """

    def whole(request: HttpRequest, user: StaffAccount, **_: object) -> None:
        if not request.path:
            note_second_factor(request, user, "totp")

    user_logged_in.connect(whole, weak=False)


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    """`setting(sms_carrier="smpp")`: the settings of the process are these, until the test ends."""

    def given(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"KSDB_{name.upper()}", str(value))
        settings.cache_clear()

    yield given
    monkeypatch.undo()
    settings.cache_clear()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: looking through it again and again finds no garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
