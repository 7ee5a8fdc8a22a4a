"""Reads of accounts and grants."""

from collections import defaultdict
from datetime import date

from django.db.models import Q, QuerySet

from ksdb.access.models import Grant, StaffAccount
from ksdb.core.scope import PERMISSIONS, Permission, Role, Scope


def scope_of(account: StaffAccount, on: date, address: str) -> Scope:
    """What the account may do on that day, from its grants then valid. One query."""
    divisions: dict[Permission, set[int]] = defaultdict(set)
    for role, division_id in _grants_valid(account, on).values_list("role", "division_id"):
        for permission in PERMISSIONS[Role(role)]:
            divisions[permission].add(division_id)
    frozen = {permission: frozenset(ids) for permission, ids in divisions.items()}
    return Scope(actor_id=account.pk, divisions=frozen, address=address, actor_name=account.username)


def _grants_valid(account: StaffAccount, on: date) -> QuerySet[Grant]:
    return Grant.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), account=account, valid_from__lte=on)


def account_named(scope: Scope, username: str) -> StaffAccount | None:
    scope.require(Permission.ACCESS_GRANT_WRITE)
    return StaffAccount.objects.filter(username__iexact=username).first()
