"""Reads of acts that need two persons."""

from datetime import timedelta

from django.db.models import Q, QuerySet

from ksdb.access.queries import unit_of
from ksdb.approvals.kinds import CARRIERS, Kind, OwnAct, SameUnit, UnitMissing
from ksdb.approvals.models import Act, Decision
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import covers, within

READ, DECIDE = Permission.APPROVALS_ACT_READ, Permission.APPROVALS_ACT_DECIDE


def acts_in(scope: Scope) -> QuerySet[Act]:
    """The acts of the jurisdiction and one's own, latest first."""
    condition = Q() if scope.is_system else within(scope, READ) | Q(requested_by=scope.actor_id)
    return Act.objects.filter(condition).select_related("requested_by", "decided_by", "division__parent")


def act(scope: Scope, act_id: int) -> Act:
    """Raises NotFound outside the jurisdiction."""
    found = acts_in(scope).filter(pk=act_id).first()
    if found is None:
        raise NotFound
    return found


def waiting_for(scope: Scope) -> list[Act]:
    """Acts that wait for a decision and that one could decide, but for the units; the first to expire first."""
    if not scope.allows(DECIDE):
        return []
    waiting = acts_in(scope).filter(within(scope, DECIDE), decision="", expires_at__gt=now())
    others = waiting.exclude(requested_by=scope.actor_id).order_by("expires_at")
    return [one for one in others if covers_kind(scope, one)]


def asked_by_me(scope: Scope) -> QuerySet[Act]:
    """What one asked for oneself, latest first."""
    return acts_in(scope).filter(requested_by=scope.actor_id)


def settled(scope: Scope) -> QuerySet[Act]:
    """Acts that wait no more, latest decided first."""
    over = Q(decision="", expires_at__lte=now())
    return acts_in(scope).filter(over | ~Q(decision="")).order_by("-decided_at", "-id")


def covers_kind(scope: Scope, one: Act) -> bool:
    """Whether the scope holds the permission that the kind of act asks for, where the act happens."""
    permission = CARRIERS[Kind(one.kind)].permission
    return scope.allows(permission) and covers(scope, permission, one.division_id)


def require_decider(scope: Scope, one: Act) -> None:
    """Raises what keeps this person from deciding: NotFound, NotAllowed, OwnAct."""
    if not covers(scope, DECIDE, one.division_id):
        raise NotFound
    if scope.actor_id is None or not covers_kind(scope, one):
        raise NotAllowed
    if scope.actor_id == one.requested_by_id:
        raise OwnAct


def require_other_unit(scope: Scope, one: Act) -> str:
    """The decider's unit. Raises UnitMissing, and SameUnit when it was or is that of the person who asked."""
    if scope.actor_id is None:
        raise NotAllowed
    mine = unit_of(scope, scope.actor_id)
    theirs = {_plain(one.requester_unit), _plain(unit_of(scope, one.requested_by_id))}
    if not _plain(mine) or "" in theirs:
        raise UnitMissing
    if _plain(mine) in theirs:
        raise SameUnit
    return mine


def _plain(unit: str) -> str:
    return " ".join(unit.casefold().split())


def hindrance(scope: Scope, one: Act) -> type[KsdbError] | None:
    """What keeps this person from approving the act, for the page that shows it; None when nothing does."""
    try:
        require_decider(scope, one)
        require_other_unit(scope, one)
    except KsdbError as error:
        return type(error)
    return None


def finished_act(scope: Scope, act_id: int, kind: Kind, within_last: timedelta) -> Act:
    """An act of one's own that was carried out not longer ago than that. Raises NotFound."""
    found = asked_by_me(scope).filter(pk=act_id, kind=kind, decision=Decision.APPROVED, outcome="done").first()
    if found is None or found.carried_out_at is None or found.carried_out_at + within_last <= now():
        raise NotFound
    return found
