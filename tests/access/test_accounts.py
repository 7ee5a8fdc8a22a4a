"""Inviting, entitling, ending: within one's jurisdiction, never oneself, and all of it in the trail."""

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from tests.access.steps import is_signed_in, sees_residents, set_up_app, sign_in
from tests.conftest import PASSWORD, scope_for, staff

from ksdb.access import actions, queries
from ksdb.access.actions import InvitationGone, Newcomer, NotYourself, TermImpossible, Terms
from ksdb.access.models import Grant, Invitation, StaffAccount
from ksdb.approvals.actions import request_act
from ksdb.approvals.kinds import Kind, UnitMissing
from ksdb.audit.models import Entry
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import PROVINCE_ONLY, Permission, Role, Scope, system_scope
from ksdb.places.models import Division
from ksdb.registry.models import Resident

NEW = "chiếc thuyền trên sông Hương"


@pytest.fixture
def admin_a(commune_a: Division) -> StaffAccount:
    """Administrator of commune A alone."""
    return staff("ada", "Ngô Thị Ái", Role.ADMINISTRATOR, commune_a)


def desk_of(account: StaffAccount) -> Client:
    client = Client()
    client.force_login(account)
    return client


def form_for(division: Division, **changes: object) -> dict[str, object]:
    form = {
        "username": "thu.huongvan",
        "full_name": "Phạm Thị Thu",
        "unit": "Trạm Y tế phường Hương Vân",
        "role": "ward_officer",
        "division": division.pk,
        "valid_from": today().isoformat(),
        "valid_to": "",
    }
    return form | changes


def link_in(page: str) -> str:
    found = re.search(r"http://testserver(/welcome/[\w-]{43}/)", page)
    assert found
    return found[1]


def invite(account: StaffAccount, division: Division) -> str:
    return link_in(desk_of(account).post(reverse("access:invite"), form_for(division)).content.decode())


def test_from_the_invitation_to_the_first_page(client: Client, hanh: StaffAccount, commune_a: Division) -> None:
    link = invite(hanh, commune_a)
    assert "thu.huongvan" in client.get(link).content.decode()
    assert client.post(link, {"password1": NEW, "password2": NEW}).headers["Location"] == reverse("access:sign_in")
    sign_in(client, "thu.huongvan", NEW)
    assert not sees_residents(client)
    set_up_app(client)
    assert sees_residents(client)
    thu = StaffAccount.objects.get(username="thu.huongvan")
    assert thu.unit == "Trạm Y tế phường Hương Vân"
    acts = set(Entry.objects.filter(subject="account", subject_id=thu.pk).values_list("action", flat=True))
    assert acts >= {
        "access:account:write",
        "access:grant:write",
        "access:invitation:write",
        "access:invitation:use",
        "access:session:open",
        "access:second_factor:write",
    }


def test_a_link_works_once(client: Client, hanh: StaffAccount, commune_a: Division) -> None:
    link = invite(hanh, commune_a)
    client.post(link, {"password1": NEW, "password2": NEW})
    assert client.get(link).status_code == 410
    other = "một mật khẩu khác hẳn 77"
    assert client.post(link, {"password1": other, "password2": other}).status_code == 410
    assert sign_in(Client(), "thu.huongvan", other).status_code == 200


def test_a_link_lasts_three_days(client: Client, hanh: StaffAccount, commune_a: Division) -> None:
    link = invite(hanh, commune_a)
    lasts = Invitation.objects.get().expires_at - now()
    assert timedelta(hours=71) < lasts <= timedelta(hours=72)
    Invitation.objects.update(expires_at=now())
    assert client.get(link).status_code == 410
    assert client.post(link, {"password1": NEW, "password2": NEW}).status_code == 410
    assert not StaffAccount.objects.get(username="thu.huongvan").has_usable_password()


def test_a_new_link_replaces_the_old_one(client: Client, hanh: StaffAccount, commune_a: Division) -> None:
    old = invite(hanh, commune_a)
    thu = StaffAccount.objects.get(username="thu.huongvan")
    page = desk_of(hanh).post(reverse("access:invite_again", args=[thu.pk])).content.decode()
    assert client.get(old).status_code == 410
    assert client.get(link_in(page)).status_code == 200


def test_the_token_is_kept_as_a_hash(hanh: StaffAccount, commune_a: Division) -> None:
    token = invite(hanh, commune_a).split("/")[2]
    assert token.encode() not in bytes(Invitation.objects.get().token_sha256)


def test_tokens_are_not_guessed_for_long(client: Client, db: None) -> None:
    answers = [client.get(reverse("access:welcome", args=[f"{i:043}"])).status_code for i in range(25)]
    assert answers == [410] * 20 + [429] * 5


def test_a_weak_first_password_is_refused(client: Client, hanh: StaffAccount, commune_a: Division) -> None:
    link = invite(hanh, commune_a)
    for weak in ("ngắn", "phạm thị thu", "password1234"):
        assert client.post(link, {"password1": weak, "password2": weak}).status_code == 200
    assert client.post(link, {"password1": NEW, "password2": NEW + "?"}).status_code == 200
    assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"username": "Thu Hương"}, {"username": "a"}, {"role": "king"}, {"valid_from": "2021-01-01"}, {"full_name": ""}],
)
def test_bad_input_is_told_at_the_field(hanh: StaffAccount, commune_a: Division, wrong: dict[str, str]) -> None:
    page = desk_of(hanh).post(reverse("access:invite"), form_for(commune_a, **wrong)).content.decode()
    assert f"#id_{next(iter(wrong))}" in page
    assert not StaffAccount.objects.filter(full_name="Phạm Thị Thu").exists()


def test_a_name_is_given_once(hanh: StaffAccount, binh: StaffAccount, commune_a: Division) -> None:
    page = desk_of(hanh).post(reverse("access:invite"), form_for(commune_a, username="binh")).content.decode()
    assert "#id_username" in page
    assert StaffAccount.objects.filter(username="binh").count() == 1


# Jurisdiction


def test_an_administrator_invites_within_the_jurisdiction_only(
    admin_a: StaffAccount, commune_a: Division, commune_b: Division
) -> None:
    page = desk_of(admin_a).post(reverse("access:invite"), form_for(commune_b)).content.decode()
    assert "#id_division" in page
    terms = Terms(Role.WARD_OFFICER, commune_b.pk, today())
    with pytest.raises(NotAllowed):
        actions.invite(scope_for(admin_a), Newcomer("thu", "Phạm Thị Thu"), terms)
    assert not StaffAccount.objects.filter(username__startswith="thu").exists(), "nothing is left of the attempt"
    assert invite(admin_a, commune_a)


def test_an_administrator_sees_the_accounts_governed_and_no_others(
    admin_a: StaffAccount, hanh: StaffAccount, binh: StaffAccount, minh: StaffAccount
) -> None:
    assert set(queries.accounts_in(scope_for(admin_a))) == {admin_a, binh}
    assert set(queries.accounts_in(scope_for(hanh))) == {admin_a, hanh, binh, minh}
    page = desk_of(admin_a).get(reverse("access:accounts")).content.decode()
    assert "Lê Văn Bình" in page
    assert "Hồ Nhật Minh" not in page


def test_who_also_works_elsewhere_is_governed_from_above(
    admin_a: StaffAccount, binh: StaffAccount, commune_b: Division
) -> None:
    grant = actions.give_grant(system_scope(), binh, Role.WARD_OFFICER, commune_b.pk, today())
    with pytest.raises(NotFound):
        queries.account(scope_for(admin_a), binh.pk)
    Grant.objects.filter(pk=grant.pk).update(valid_to=today())
    assert queries.account(scope_for(admin_a), binh.pk) == binh


ACTS = ["grant", "unit", "invite_again", "deactivate", "reactivate", "end_sessions", "reset_second_factor"]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("victim", ["minh", "hanh"])
@pytest.mark.usefixtures("hanh", "minh")
def test_no_act_reaches_an_account_outside(admin_a: StaffAccount, act: str, victim: str, commune_a: Division) -> None:
    account = StaffAccount.objects.get(username=victim)
    entries = Entry.objects.count()
    url = reverse(f"access:{act}", args=[account.pk])
    assert desk_of(admin_a).post(url, form_for(commune_a)).status_code == 404
    account.refresh_from_db()
    assert account.is_active
    assert account.check_password(PASSWORD)
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("act", ACTS)
def test_nobody_acts_on_himself(hanh: StaffAccount, act: str, commune_a: Division) -> None:
    url = reverse(f"access:{act}", args=[hanh.pk])
    grants = Grant.objects.count()
    assert desk_of(hanh).post(url, form_for(commune_a)).status_code == 409
    assert Grant.objects.count() == grants
    assert StaffAccount.objects.get(pk=hanh.pk).is_active


def test_nobody_gives_himself_a_right_by_the_action_either(hanh: StaffAccount, commune_a: Division) -> None:
    with pytest.raises(NotYourself):
        actions.give_grant(scope_for(hanh), hanh, Role.AUDITOR, commune_a.pk, today())


def test_a_ward_officer_makes_no_accounts(binh: StaffAccount, commune_a: Division) -> None:
    with pytest.raises(NotAllowed):
        actions.make_account(scope_for(binh), "eve", "Eve", PASSWORD)
    assert desk_of(binh).post(reverse("access:invite"), form_for(commune_a)).status_code == 403


# Rights have days


def test_a_commune_gives_nothing_of_the_province(
    admin_a: StaffAccount, commune_a: Division, whole_province: Division
) -> None:
    """The trail, keys and retention cannot be cut to a commune: its administrator makes no auditor of the province."""
    helper = staff("helper", "Trần Thị Phụ", Role.WARD_OFFICER, commune_a)
    actions.grant(scope_for(admin_a), helper.pk, Terms(Role.AUDITOR, commune_a.pk, today()))
    with pytest.raises(NotAllowed):
        actions.grant(scope_for(admin_a), helper.pk, Terms(Role.AUDITOR, whole_province.pk, today()))
    assert [p for p in PROVINCE_ONLY if scope_for(helper).allows(p) or scope_for(admin_a).allows(p)] == []
    assert scope_for(helper).allows(Permission.COVERAGE_FIGURES_READ)
    desk = desk_of(helper)
    assert {desk.get(reverse(name)).status_code for name in ("audit:entries", "audit:counts", "visits:retention")} == {
        403
    }
    assert reverse("audit:entries") not in desk.get(reverse("coverage:divisions")).content.decode()
    actions.give_grant(system_scope(), helper, Role.AUDITOR, whole_province.pk, today())
    assert desk.get(reverse("audit:entries")).status_code == 200


def test_a_right_begins_and_ends_on_its_days(hanh: StaffAccount, minh: StaffAccount, commune_a: Division) -> None:
    start, end = today() + timedelta(days=2), today() + timedelta(days=5)
    actions.grant(scope_for(hanh), minh.pk, Terms(Role.EPIDEMIOLOGIST, commune_a.pk, start, end))

    def holds(days: int) -> bool:
        scope = queries.scope_of(minh, today() + timedelta(days=days), "")
        return commune_a.pk in scope.divisions.get(Permission.TRACING_CASE_READ, ())

    assert [holds(days) for days in (0, 1, 2, 4, 5, 6)] == [False, False, True, True, False, False]


@pytest.mark.parametrize(("start", "length"), [(-1, None), (0, 0), (3, -1)])
def test_impossible_terms_are_refused(
    hanh: StaffAccount, minh: StaffAccount, commune_a: Division, start: int, length: int | None
) -> None:
    day = today() + timedelta(days=start)
    end = None if length is None else day + timedelta(days=length)
    with pytest.raises(TermImpossible):
        actions.grant(scope_for(hanh), minh.pk, Terms(Role.AUDITOR, commune_a.pk, day, end))


def test_a_right_that_ends_is_gone_at_the_next_click(hanh: StaffAccount, binh: StaffAccount) -> None:
    desk = desk_of(binh)
    assert sees_residents(desk)
    grant = binh.grants.get()
    desk_of(hanh).post(reverse("access:end_grant", args=[binh.pk, grant.pk]))
    assert desk.get(reverse("registry:residents")).status_code == 403
    assert Entry.objects.filter(action="access:grant:end", subject_id=binh.pk).count() == 1


def test_a_right_that_never_began_never_begins(hanh: StaffAccount, minh: StaffAccount, commune_a: Division) -> None:
    start = today() + timedelta(days=9)
    grant = actions.grant(scope_for(hanh), minh.pk, Terms(Role.AUDITOR, commune_a.pk, start))
    actions.end_grant(scope_for(hanh), minh.pk, grant.pk)
    scope = queries.scope_of(minh, start, "")
    assert not scope.allows(Permission.AUDIT_ENTRY_READ)


def test_a_grant_of_another_account_is_not_ended(hanh: StaffAccount, binh: StaffAccount, minh: StaffAccount) -> None:
    with pytest.raises(NotFound):
        actions.end_grant(scope_for(hanh), minh.pk, binh.grants.get().pk)


def test_the_page_of_an_account_gives_a_right(hanh: StaffAccount, minh: StaffAccount, commune_a: Division) -> None:
    province = hanh.grants.first().division  # type: ignore[union-attr]
    desk = desk_of(hanh)
    desk.post(reverse("access:grant", args=[minh.pk]), form_for(province, role="auditor"))
    assert minh.grants.filter(role="auditor", division=province).exists()
    assert "Thanh tra viên" in desk.get(reverse("access:account", args=[minh.pk])).content.decode()


@pytest.mark.parametrize(
    ("name", "is_found"), [("to dan pho  1", True), ("Tổ dân phố 1", True), ("Tổ dân phố 9", False)]
)
def test_a_right_for_one_residential_group(
    hanh: StaffAccount, minh: StaffAccount, lan: Resident, commune_a: Division, name: str, *, is_found: bool
) -> None:
    """Whoever goes from door to door in one group sees that group and nothing beside it."""
    answer = desk_of(hanh).post(reverse("access:grant", args=[minh.pk]), {**form_for(commune_a), "group": name})
    assert minh.grants.filter(division=lan.division).exists() == is_found
    assert not minh.grants.filter(division=commune_a).exists()
    assert ("Không có tổ dân phố" in answer.content.decode()) != is_found


def test_the_unit_is_written_on_the_page_and_stands_in_the_trail(hanh: StaffAccount, binh: StaffAccount) -> None:
    desk, path = desk_of(hanh), reverse("access:unit", args=[binh.pk])
    was = binh.unit
    answer = desk.post(path, {"unit": " Trạm Y tế  phường Hương Vân "}, follow=True)
    assert "Trạm Y tế phường Hương Vân" in answer.content.decode()
    binh.refresh_from_db()
    assert binh.unit == "Trạm Y tế phường Hương Vân"
    entry = Entry.objects.get(action="access:unit:write")
    assert (entry.actor_id, entry.subject_id) == (hanh.pk, binh.pk)
    assert entry.detail == {"unit": "Trạm Y tế phường Hương Vân", "was": was}
    for wrong in ("", " ", "x" * 121):
        assert "govuk-error-message" in desk.post(path, {"unit": wrong}).content.decode()
    assert Entry.objects.filter(action="access:unit:write").count() == 1


def test_without_a_unit_one_asks_for_nothing_until_it_is_written(
    hanh: StaffAccount, binh: StaffAccount, commune_a: Division
) -> None:
    StaffAccount.objects.filter(pk=binh.pk).update(unit="")
    asked = {"resident": 1, "count": 1}
    with pytest.raises(UnitMissing):
        request_act(scope_for(binh), Kind.BULK_REVOKE, commune_a.pk, asked, "mất thẻ")
    desk_of(hanh).post(reverse("access:unit", args=[binh.pk]), {"unit": "Đội dân phòng " + "rất dài " * 12})
    assert request_act(scope_for(binh), Kind.BULK_REVOKE, commune_a.pk, asked, "mất thẻ").requester_unit


@pytest.mark.parametrize("words", ["le van binh", "BÌNH", "phuong huong van binh"])
def test_accounts_are_found_by_words_and_no_name_stands_in_the_address(
    hanh: StaffAccount, binh: StaffAccount, admin_a: StaffAccount, words: str
) -> None:
    page = desk_of(hanh).post(reverse("access:accounts"), {"words": words})
    assert [row["account"] for row in page.context["rows"]] == [binh]
    assert "Bình" not in page.headers.get("Location", "")
    assert desk_of(hanh).post(reverse("access:accounts"), {"words": "không ai"}).context["rows"] == []


def test_the_search_finds_nobody_outside(admin_a: StaffAccount, minh: StaffAccount) -> None:
    assert desk_of(admin_a).post(reverse("access:accounts"), {"words": "minh"}).context["rows"] == []


# Ending


@pytest.mark.parametrize("act", ["deactivate", "reset_second_factor"])
def test_what_a_slip_must_not_do_is_asked_first(hanh: StaffAccount, binh: StaffAccount, act: str) -> None:
    desk = desk_of(hanh)
    path = reverse(f"access:{act}", args=[binh.pk])
    page = desk.get(reverse("access:account", args=[binh.pk])).content.decode()
    assert f'action="{path}"' not in page
    assert f'href="{path}"' in page
    assert "Lê Văn Bình" in desk.get(path).content.decode()
    binh.refresh_from_db()
    assert binh.is_active
    assert not Entry.objects.filter(action__in=["access:account:deactivate", "access:second_factor:reset"]).exists()
    assert desk.post(path).status_code == 302


def test_a_closed_account_is_out_at_once(hanh: StaffAccount, binh: StaffAccount) -> None:
    client = Client()
    sign_in(client, "binh")
    desk = desk_of(hanh)
    desk.post(reverse("access:deactivate", args=[binh.pk]))
    assert not is_signed_in(client)
    assert sign_in(Client(), "binh").status_code == 200
    desk.post(reverse("access:reactivate", args=[binh.pk]))
    assert sign_in(Client(), "binh").status_code == 302


def test_signing_out_everywhere(hanh: StaffAccount, binh: StaffAccount) -> None:
    client = Client()
    sign_in(client, "binh")
    desk_of(hanh).post(reverse("access:end_sessions", args=[binh.pk]))
    assert not is_signed_in(client)


def test_a_lost_phone(hanh: StaffAccount, binh: StaffAccount) -> None:
    client = Client()
    sign_in(client, "binh")
    set_up_app(client)
    desk_of(hanh).post(reverse("access:reset_second_factor", args=[binh.pk]))
    assert not is_signed_in(client)
    assert not Authenticator.objects.filter(user=binh).exists()
    response = sign_in(client, "binh", follow=True)
    assert response.redirect_chain[-1][0] == reverse("mfa_activate_totp")
    assert Entry.objects.filter(action="access:second_factor:reset", subject_id=binh.pk).count() == 1


def test_a_new_password_by_link_ends_the_sessions_of_the_old_one(hanh: StaffAccount, binh: StaffAccount) -> None:
    client = Client()
    sign_in(client, "binh")
    _, token = actions.invite_again(scope_for(hanh), binh.pk)
    nobody = Scope(actor_id=None)
    actions.accept_invitation(nobody, token, NEW)
    assert not is_signed_in(client)
    with pytest.raises(InvitationGone):
        actions.accept_invitation(nobody, token, NEW)


def test_a_link_to_a_closed_account_opens_nothing(client: Client, hanh: StaffAccount, binh: StaffAccount) -> None:
    _, token = actions.invite_again(scope_for(hanh), binh.pk)
    StaffAccount.objects.filter(pk=binh.pk).update(is_active=False)
    assert client.get(reverse("access:welcome", args=[token])).status_code == 410


def test_the_sealed_account_raises_an_alarm(
    client: Client, commune_a: Division, caplog: pytest.LogCaptureFixture
) -> None:
    who = Newcomer("niem-phong", "Tài khoản niêm phong", is_sealed=True)
    account, token = actions.invite(system_scope(), who, Terms(Role.ADMINISTRATOR, commune_a.pk, today()))
    actions.accept_invitation(Scope(actor_id=None), token, NEW)
    sign_in(client, "niem-phong", NEW)
    assert Entry.objects.filter(action="access:sealed_account:open", subject_id=account.pk).count() == 1
    assert "ALARM" in caplog.text
