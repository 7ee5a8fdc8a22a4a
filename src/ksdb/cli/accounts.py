"""`ksdb account`: the first administrator of a fresh installation, and help when nobody else can give it."""

import sys
from typing import NoReturn

from rich.console import Console

from ksdb.access.actions import (
    INVITATION_LASTS,
    NameTaken,
    Newcomer,
    Terms,
    invite,
    invite_again,
    reset_second_factor,
    set_unit,
)
from ksdb.access.queries import account_named
from ksdb.config import Settings, settings
from ksdb.core.clock import today
from ksdb.core.scope import Role, system_scope
from ksdb.places.queries import province_on

console = Console(soft_wrap=True)


def make(username: str, full_name: str, unit: str, *, is_administrator: bool, is_sealed: bool) -> None:
    """An account on the whole province; what it may do beyond, an administrator says on the pages."""
    if not is_administrator:
        _fail("Say --administrator: other accounts are made on the page Accounts, by an administrator.")
    division = province_on(system_scope(), today())
    if division is None:
        _fail("There are no divisions yet: run `ksdb migrate` first.")
    who = Newcomer(username, full_name, unit, is_sealed)
    try:
        account, token = invite(system_scope(), who, Terms(Role.ADMINISTRATOR, division.pk, today()))
    except NameTaken as error:
        _fail(error.sentence())
    _say_link(account.username, token)


def link(username: str) -> None:
    account, token = invite_again(system_scope(), _number_of(username))
    _say_link(account.username, token)


def reset(username: str) -> None:
    reset_second_factor(system_scope(), _number_of(username))
    console.print(f"{username} sets up a second factor anew at the next sign-in.")


def unit(username: str, name: str) -> None:
    set_unit(system_scope(), _number_of(username), name)
    console.print(f"{username} works for: {name}")


def _number_of(username: str) -> int:
    account = account_named(system_scope(), username)
    if account is None:
        _fail(f"There is no account named {username}.")
    return int(account.pk)


def _say_link(username: str, token: str) -> None:
    hours = int(INVITATION_LASTS.total_seconds()) // 3600
    console.print(f"The link for {username}, for {hours} hours and one use. It is shown this once:")
    console.print(f"  {site_url(settings())}/welcome/{token}/", highlight=False)


def site_url(ours: Settings) -> str:
    """Where people find the pages: the first host name when there is TLS in front, else the address of the machine."""
    return f"https://{ours.site_hosts.split(',')[0].strip()}" if ours.has_tls else f"http://{ours.site_address}"


def _fail(sentence: str) -> NoReturn:
    console.print(sentence)
    sys.exit(1)
