"""Signing in: name and password, then the second factor; and what is not there."""

import base64
import json

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import NoReverseMatch, reverse
from tests.access.steps import code_of, is_signed_in, sees_residents, set_up_app, sign_in, type_code
from tests.conftest import PASSWORD, staff

from ksdb.access.models import StaffAccount
from ksdb.access.queries import scope_of
from ksdb.audit.models import Entry
from ksdb.core.clock import today
from ksdb.core.scope import NEEDS_SECOND_FACTOR, PERMISSIONS, WITHOUT_SECOND_FACTOR, Permission, Role
from ksdb.places.models import Division

WRONG = "Tên đăng nhập hoặc mật khẩu không đúng"


@pytest.fixture
def app_of_binh(binh: StaffAccount) -> str:
    """Bình has set up the app on another day; its secret."""
    client = Client()
    sign_in(client, "binh")
    return set_up_app(client)


def test_a_ward_officer_sees_nobody_before_the_second_factor(client: Client, binh: StaffAccount) -> None:
    response = sign_in(client, "binh", follow=True)
    assert response.redirect_chain[-1][0] == reverse("mfa_activate_totp")
    page = response.content.decode()
    assert "data:image/svg+xml;base64," in page
    assert "Thiết lập lớp xác thực thứ hai" in page
    assert client.get(reverse("registry:residents")).headers["Location"] == reverse("access:second_factor")
    assert client.post(reverse("registry:residents")).headers["Location"] == reverse("access:second_factor")
    set_up_app(client)
    assert sees_residents(client)


def test_the_next_sign_in_asks_for_a_code(client: Client, app_of_binh: str) -> None:
    assert sign_in(client, "binh").headers["Location"] == reverse("mfa_authenticate")
    assert not is_signed_in(client)
    assert type_code(client, code_of(app_of_binh)).status_code == 302
    assert sees_residents(client)
    opened = Entry.objects.filter(action="access:session:open").latest("id")
    assert opened.detail == {"second_factor": True}


def test_a_wrong_code_opens_nothing(client: Client, app_of_binh: str) -> None:
    sign_in(client, "binh")
    right = code_of(app_of_binh)
    wrong = f"{(int(right) + 500_000) % 1_000_000:06}"
    assert "Mã này không đúng" in type_code(client, wrong).content.decode()
    assert not is_signed_in(client)
    assert Entry.objects.filter(action="access:second_factor:refuse").count() == 1


def test_a_code_opens_once_on_all_processes(client: Client, app_of_binh: str, settings: object) -> None:
    sign_in(client, "binh")
    code = code_of(app_of_binh)
    type_code(client, code)
    other = Client()
    sign_in(other, "binh")
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}  # type: ignore[attr-defined]
    assert type_code(other, code).status_code == 200
    assert not is_signed_in(other)
    assert type_code(other, code_of(app_of_binh, 1)).status_code == 302


def test_codes_are_not_guessed_for_long(client: Client, app_of_binh: str) -> None:
    sign_in(client, "binh")
    right = int(code_of(app_of_binh))
    guesses = [f"{(right + 1000 + i) % 1_000_000:06}" for i in range(10)]
    for guess in guesses:
        type_code(client, guess)
    page = type_code(client, code_of(app_of_binh)).content.decode()
    assert "Nhập sai quá nhiều lần" in page
    assert not is_signed_in(client)


def test_a_recovery_code_opens_once(client: Client, binh: StaffAccount) -> None:
    sign_in(client, "binh")
    set_up_app(client)
    shown = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    assert len(set(shown)) == 10
    again = client.get(reverse("mfa_view_recovery_codes")).content.decode()
    assert not any(code in again for code in shown)
    for answer in (302, 200):
        other = Client()
        sign_in(other, "binh")
        assert type_code(other, shown[0]).status_code == answer
    assert Entry.objects.filter(action="access:recovery_codes:use", subject_id=binh.pk).count() == 1


def test_secrets_of_second_factors_are_sealed(client: Client, binh: StaffAccount) -> None:
    sign_in(client, "binh")
    secret = set_up_app(client)
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    sealed = Authenticator.objects.get(type="totp").data["secret"]
    assert base64.b64decode(sealed)[0] == 1
    assert secret.encode() not in base64.b64decode(sealed)


@pytest.mark.parametrize(("username", "password"), [("binh", "sai mật khẩu rồi"), ("nobody", PASSWORD), ("binh", "x")])
def test_every_failure_has_the_same_answer(client: Client, binh: StaffAccount, username: str, password: str) -> None:
    page = sign_in(client, username, password).content.decode()
    assert WRONG in page
    assert not is_signed_in(client)


def test_a_closed_account_is_answered_like_a_wrong_password(client: Client, binh: StaffAccount) -> None:
    StaffAccount.objects.filter(pk=binh.pk).update(is_active=False)
    assert WRONG in sign_in(client, "binh").content.decode()


def test_the_name_may_be_typed_in_capitals_the_password_not(client: Client, binh: StaffAccount) -> None:
    assert sign_in(client, " BINH ").status_code == 302
    assert WRONG in sign_in(Client(), "binh", PASSWORD.upper()).content.decode()


@pytest.mark.parametrize("name", ["account_signup", "account_email", "account_reset_password", "mfa_trust"])
def test_what_the_library_has_besides_is_not_there(name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_nobody_signs_up(client: Client, db: None) -> None:
    for path in ("/signup/", "/accounts/signup/", "/account/signup/"):
        client.post(path, {"username": "eve", "password1": PASSWORD, "password2": PASSWORD})
    assert not StaffAccount.objects.exists()


def test_signing_out_takes_a_post(client: Client, binh: StaffAccount) -> None:
    client.force_login(binh)
    assert client.get(reverse("access:sign_out")).status_code == 405
    client.post(reverse("access:sign_out"))
    assert not is_signed_in(client)


def test_sign_in_needs_the_token_of_the_form(binh: StaffAccount) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict, "binh").status_code == 403


def test_after_sign_in_nobody_is_sent_to_another_site(client: Client, db: None, commune_a: Division) -> None:
    staff("owner", "Chủ Quán", Role.POINT_OWNER, commune_a)
    response = client.post(
        reverse("access:sign_in"), {"login": "owner", "password": PASSWORD, "next": "https://evil.example/"}
    )
    assert response.headers["Location"] == reverse("home")


def test_an_owner_of_a_scan_point_needs_a_password_only(client: Client, commune_a: Division) -> None:
    staff("owner", "Chủ Quán", Role.POINT_OWNER, commune_a)
    sign_in(client, "owner")
    assert client.get(reverse("visits:own_points")).status_code == 200


@pytest.mark.parametrize("role", [r for r in Role if r is not Role.POINT_OWNER])
def test_every_other_role_needs_the_second_factor(role: Role) -> None:
    assert PERMISSIONS[role] & NEEDS_SECOND_FACTOR


def test_whatever_shows_a_person_needs_the_second_factor() -> None:
    persons = {p for p in Permission if p.split(":")[0] in {"registry", "tracing", "cards", "access", "audit"}}
    assert persons <= NEEDS_SECOND_FACTOR
    assert set(Permission) == NEEDS_SECOND_FACTOR | WITHOUT_SECOND_FACTOR


def test_a_scope_without_some_permissions_keeps_the_others(binh: StaffAccount) -> None:
    weak = scope_of(binh, today(), "").without(NEEDS_SECOND_FACTOR)
    assert not weak.allows(Permission.REGISTRY_RESIDENT_READ)
    assert weak.allows(Permission.COVERAGE_FIGURES_READ)


def test_the_last_second_factor_cannot_be_removed(client: Client, app_of_binh: str) -> None:
    sign_in(client, "binh")
    type_code(client, code_of(app_of_binh))
    page = client.post(reverse("mfa_deactivate_totp")).content.decode()
    assert "đây là cách duy nhất đang có" in page
    assert Authenticator.objects.filter(type="totp").exists()
