"""Reads of accounts and grants."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from ksdb.access.models import Grant, Invitation, StaffAccount
from ksdb.core.clock import now, today
from ksdb.core.errors import NotFound
from ksdb.core.names import fold
from ksdb.core.scope import PERMISSIONS, PROVINCE_ONLY, Permission, Role, Scope
from ksdb.places.models import Division, DivisionContainment
from ksdb.places.queries import within


@dataclass(frozen=True)
class AccountSheet:
    """One account with its grants, how it proves itself, and whether a link waits to be opened."""

    account: StaffAccount
    grants: list[Grant]
    factors: list[str]
    sessions: int
    invited_until: Invitation | None


def scope_of(account: StaffAccount, on: date, address: str) -> Scope:
    """What the account may do on that day, from its grants then valid. One query.

    A role on less than the province comes without what cannot be cut to a part of it.
    """
    divisions: dict[Permission, set[int]] = defaultdict(set)
    valid = _grants_valid(account, on).values_list("role", "division_id", "division__kind")
    for role, division_id, kind in valid:
        left_out = frozenset() if kind == Division.Kind.PROVINCE else PROVINCE_ONLY
        for permission in PERMISSIONS[Role(role)] - left_out:
            divisions[permission].add(division_id)
    frozen = {permission: frozenset(ids) for permission, ids in divisions.items()}
    return Scope(actor_id=account.pk, divisions=frozen, address=address, actor_name=account.username)


def _grants_valid(account: StaffAccount, on: date) -> QuerySet[Grant]:
    return Grant.objects.filter(Q(valid_to=None) | Q(valid_to__gt=on), account=account, valid_from__lte=on)


def accounts_in(scope: Scope) -> QuerySet[StaffAccount]:
    """Accounts that the actor governs, by name: some grant of theirs lies in the jurisdiction, no open one outside."""
    inside = within(scope, Permission.ACCESS_GRANT_WRITE)
    found = StaffAccount.objects.order_by("full_name", "id")
    if scope.is_system:
        return found
    own = Grant.objects.filter(account=OuterRef("pk"))
    is_open = Q(valid_to=None) | Q(valid_to__gt=today())
    return found.filter(Exists(own.filter(inside)), ~Exists(own.filter(is_open).exclude(inside)))


def accounts_with_grants(scope: Scope, words: str = "") -> QuerySet[StaffAccount]:
    """The same with their grants that have not ended, and the divisions of those. Three queries a page.

    Of words only those whose name, sign-in name or unit has each, with marks or without: one more query, over all.
    """
    is_open = Q(valid_to=None) | Q(valid_to__gt=today())
    grants = Grant.objects.filter(is_open).select_related("division").order_by("valid_from", "id")
    found = accounts_in(scope).prefetch_related(Prefetch("grants", grants))
    return found.filter(pk__in=_with_words(scope, words)) if words.strip() else found


def _with_words(scope: Scope, words: str) -> list[int]:
    wanted = fold(words).split()
    rows = accounts_in(scope).values_list("pk", "full_name", "username", "unit")
    return [number for number, *texts in rows if all(word in fold(" ".join(texts)) for word in wanted)]


def units_in(scope: Scope) -> list[str]:
    """The units that accounts of the jurisdiction work for, so that one office is written in one way."""
    return sorted(set(accounts_in(scope).exclude(unit="").values_list("unit", flat=True)))


def account(scope: Scope, account_id: int) -> StaffAccount:
    found = accounts_in(scope).filter(pk=account_id).first()
    if found is None:
        raise NotFound
    return found


def account_named(scope: Scope, username: str) -> StaffAccount | None:
    return accounts_in(scope).filter(username__iexact=username).first()


def account_sheet(scope: Scope, account_id: int) -> AccountSheet:
    """All about an account that the actor governs. Five queries."""
    found = account(scope, account_id)
    waiting = found.invitations.filter(used_at=None, expires_at__gt=now()).order_by("-expires_at")
    return AccountSheet(
        account=found,
        grants=list(found.grants.select_related("division").order_by("-valid_from", "-id")),
        factors=sorted(Authenticator.objects.filter(user=found).values_list("type", flat=True)),
        sessions=UserSession.objects.filter(user=found).count(),
        invited_until=waiting.first(),
    )


def divisions_to_grant(scope: Scope) -> list[Division]:
    """Divisions of any era inside the jurisdiction, the latest structure first; residential groups are too small."""
    inside = Division.objects.filter(within(scope, Permission.ACCESS_GRANT_WRITE, "pk"))
    found = inside.exclude(kind=Division.Kind.GROUP)
    order = {Division.Kind.PROVINCE: 0, Division.Kind.DISTRICT: 1, Division.Kind.COMMUNE: 2}
    return sorted(found, key=lambda d: (-d.valid_from.toordinal(), order[Division.Kind(d.kind)], d.position, d.code))


def groups_named(scope: Scope, division_id: int, name: str) -> list[Division]:
    """The residential groups of that name inside the division; case, marks and blanks do not matter."""
    inside = Division.objects.filter(within(scope, Permission.ACCESS_GRANT_WRITE, "pk"), kind=Division.Kind.GROUP)
    groups = inside.filter(Exists(DivisionContainment.objects.filter(outer=division_id, inner=OuterRef("pk"))))
    wanted = " ".join(fold(name).split())
    return [group for group in groups if " ".join(fold(group.name).split()) == wanted]


def own_sessions(scope: Scope) -> list[UserSession]:
    """The actor's open sessions, latest first; those that ended by themselves are forgotten on the way."""
    sessions = UserSession.objects.filter(user_id=scope.actor_id).order_by("-last_seen_at").select_related("user")
    return [session for session in sessions if not session.purge()]


def has_second_factor(scope: Scope, besides: int | None = None) -> bool:
    """Whether the actor has set up an authenticator app or a passkey, other than the one of this number."""
    factors = Authenticator.objects.exclude(type=Authenticator.Type.RECOVERY_CODES).exclude(pk=besides)
    return bool(factors.filter(user_id=scope.actor_id).exists())


def unit_of(scope: Scope, account_id: int) -> str:
    """The unit the account's person works for, as the administrator wrote it; empty when nobody has written it yet."""
    scope.require(Permission.APPROVALS_ACT_READ)
    return StaffAccount.objects.values_list("unit", flat=True).get(pk=account_id)


def scope_of_requester(scope: Scope, account_id: int) -> Scope:
    """What the asker of an act may do today, for carrying the act out in that name. Nothing, once the account is off.

    Its entries in the trail carry no address: the person was not there.
    """
    scope.require(Permission.APPROVALS_ACT_DECIDE)
    account = StaffAccount.objects.filter(pk=account_id, is_active=True).first()
    return scope_of(account, today(), "") if account else Scope(actor_id=account_id)
