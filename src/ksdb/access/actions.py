"""Writes of accounts and grants."""

from datetime import date

from ksdb.access.models import Grant, StaffAccount
from ksdb.audit.actions import record
from ksdb.core.scope import Permission, Role, Scope


def make_account(scope: Scope, username: str, full_name: str, password: str) -> StaffAccount:
    """A new account without any grant: it can sign in and see nothing."""
    scope.require(Permission.ACCESS_GRANT_WRITE)
    account = StaffAccount(username=username, full_name=full_name)
    account.set_password(password)
    account.save()
    record(scope, "access:account:write", subject=("account", account.pk))
    return account


def give_grant(scope: Scope, account: StaffAccount, role: Role, division_id: int, valid_from: date) -> Grant:
    scope.require(Permission.ACCESS_GRANT_WRITE)
    grant = Grant.objects.create(account=account, role=role, division_id=division_id, valid_from=valid_from)
    record(scope, Permission.ACCESS_GRANT_WRITE, subject=("account", account.pk), detail={"role": role})
    return grant
