"""Accounts of the owners of scan points: made by whoever approves their places, opened by a link of their own."""

import secrets

from django.db import transaction
from django.db.models import Q

from ksdb.access.actions import Newcomer, _entered, _invitation_of
from ksdb.access.models import Grant, StaffAccount
from ksdb.audit.actions import record
from ksdb.core.clock import today
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Permission, Role, Scope
from ksdb.places.queries import covers


@transaction.atomic
def make_owner(scope: Scope, full_name: str, division_id: int, known: int | None = None) -> StaffAccount:
    """An owner of scan points in the division: the account `known`, or a new one that waits for its password.

    Whoever approves places gives this role and no other, and only where he approves.
    """
    if not covers(scope, Permission.ENROLMENT_PLACE_DECIDE, division_id):
        raise NotFound
    account = StaffAccount.objects.filter(pk=known).first() if known else None
    account = account or _entered(scope, Newcomer(f"diem{secrets.randbelow(10**8):08d}", full_name))
    given = {"account": account, "role": Role.POINT_OWNER, "division_id": division_id, "valid_to": None}
    if not Grant.objects.filter(**given).exists():
        Grant.objects.create(valid_from=today(), **given)
        detail = {"role": Role.POINT_OWNER, "division": division_id}
        record(scope, Permission.ACCESS_GRANT_WRITE, subject=("account", account.pk), detail=detail)
    return account


@transaction.atomic
def invite_owner(scope: Scope, account_id: int) -> tuple[StaffAccount, str]:
    """A link for an owner who has just proven his phone; never for an account that may do anything else.

    Raises NotAllowed unless the caller acts for the system itself, NotFound for any other account.
    """
    if not scope.is_system:
        raise NotAllowed
    account = StaffAccount.objects.filter(pk=account_id, is_active=True, is_sealed=False).first()
    is_open = Q(valid_to=None) | Q(valid_to__gt=today())
    if account is None or account.grants.filter(is_open).exclude(role=Role.POINT_OWNER).exists():
        raise NotFound
    return account, _invitation_of(scope, account)
