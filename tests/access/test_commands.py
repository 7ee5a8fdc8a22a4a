"""`ksdb account`: the first administrator, and help from the server."""

import re

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from tests.access.steps import set_up_app, sign_in

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cli import accounts
from ksdb.core.scope import Role

NEW = "chiếc thuyền trên sông Hương"


def link_in(text: str) -> str:
    found = re.search(r"http://\S+(/welcome/[\w-]{43}/)", text)
    assert found
    return found[1]


def test_the_first_administrator(client: Client, db: None, capsys: pytest.CaptureFixture[str]) -> None:
    accounts.make("chi", "Đoàn Thị Chi", "IOC", is_administrator=True, is_sealed=False)
    link = link_in(capsys.readouterr().out)
    client.post(link, {"password1": NEW, "password2": NEW})
    sign_in(client, "chi", NEW)
    set_up_app(client)
    assert "Đoàn Thị Chi" in client.get("/accounts/").content.decode()
    grant = StaffAccount.objects.get(username="chi").grants.get()
    assert (grant.role, grant.division.kind, grant.division.valid_to) == (Role.ADMINISTRATOR, "province", None)


def test_a_name_twice_is_refused_in_words(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    accounts.make("chi", "Đoàn Thị Chi", "IOC", is_administrator=True, is_sealed=True)
    assert StaffAccount.objects.get().is_sealed
    with pytest.raises(SystemExit):
        accounts.make("CHI", "Đoàn Thị Chi", "", is_administrator=True, is_sealed=False)
    assert "already" in capsys.readouterr().out


def test_only_administrators_are_made_from_the_server(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        accounts.make("chi", "Đoàn Thị Chi", "", is_administrator=False, is_sealed=False)
    assert "--administrator" in capsys.readouterr().out


def test_a_new_link_and_a_new_second_factor(
    client: Client, binh: StaffAccount, capsys: pytest.CaptureFixture[str]
) -> None:
    sign_in(client, "binh")
    set_up_app(client)
    accounts.reset("binh")
    assert not Authenticator.objects.exists()
    accounts.link("binh")
    client.post(link_in(capsys.readouterr().out), {"password1": NEW, "password2": NEW})
    assert sign_in(Client(), "binh", NEW).status_code == 302
    with pytest.raises(SystemExit):
        accounts.link("nobody")


def test_the_unit_of_the_only_administrator_is_written_at_the_server(
    db: None, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts.make("chi", "Đoàn Thị Chi", "", is_administrator=True, is_sealed=False)
    accounts.unit("chi", "Trung tâm IOC")
    assert StaffAccount.objects.get().unit == "Trung tâm IOC"
    assert Entry.objects.get(action="access:unit:write").actor_id is None
    with pytest.raises(SystemExit):
        accounts.unit("nobody", "IOC")
