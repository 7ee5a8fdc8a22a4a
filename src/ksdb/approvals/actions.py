"""Writes of acts that need two persons: asking, deciding, carrying out."""

from django.db import connection, transaction
from procrastinate.contrib.django import app

from ksdb.access.queries import scope_of_requester, unit_of
from ksdb.approvals.kinds import (
    ACT_LIFE,
    ADDED_UP,
    ALONE_SPAN,
    CARRIERS,
    MOST_ALONE,
    ActExpired,
    AlreadyAsked,
    AlreadyDecided,
    AskerGone,
    Errand,
    Kind,
    Payload,
    PayloadNotNumbers,
    SecondPersonNeeded,
    UnitMissing,
)
from ksdb.approvals.models import Act, Decision
from ksdb.approvals.queries import acts_in, covers_kind, require_decider, require_other_unit
from ksdb.audit.actions import record
from ksdb.audit.queries import details_of
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import covers

DONE = "done"
ALONE = "approvals:act:alone"
CARRY_OUT_JOB = "ksdb.approvals.jobs.carry_out"


def require_second_person(scope: Scope, kind: Kind, count: int) -> None:
    """Raises SecondPersonNeeded when so many are too many for one person, with what this one did alone lately.

    The command line of the server goes on alone, and the trail says so: who sits there can do anything anyway.
    """
    if scope.is_system and scope.actor_id is None:
        if count > MOST_ALONE[kind]:
            record(scope, "approvals:act:bypass", detail={"kind": kind, "count": count})
        return
    is_added_up = kind in ADDED_UP and count > 1
    if count + (_done_alone(scope, kind) if is_added_up else 0) > MOST_ALONE[kind]:
        raise SecondPersonNeeded
    if is_added_up:
        record(scope, ALONE, detail={"kind": kind, "count": count})


def _done_alone(scope: Scope, kind: Kind) -> int:
    """How many were in the lists that this person did alone; whoever does two at once waits here for the first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ksdb.approvals.alone'), %s)", [scope.actor_id])
    details = details_of(scope, ALONE, now() - ALONE_SPAN)
    return sum(int(detail["count"]) for detail in details if detail["kind"] == kind)


@transaction.atomic
def request_act(scope: Scope, kind: Kind, division_id: int, payload: Payload, reason: str) -> Act:
    """A new act that waits 72 hours for another person. Raises NotFound outside the jurisdiction, UnitMissing."""
    if not covers(scope, CARRIERS[kind].permission, division_id):
        raise NotFound
    if scope.actor_id is None:
        raise NotAllowed
    unit = unit_of(scope, scope.actor_id)
    if not unit.strip():
        raise UnitMissing
    _check_payload(payload)
    waiting = Act.objects.filter(requested_by=scope.actor_id, kind=kind, decision="", expires_at__gt=now())
    if waiting.filter(payload=payload, division=division_id).exists():
        raise AlreadyAsked
    at = now()
    asked = Act.objects.create(
        kind=kind,
        payload=dict(payload),
        division_id=division_id,
        reason=reason[:300],
        requested_by_id=scope.actor_id,
        requester_unit=unit,
        requested_at=at,
        expires_at=at + ACT_LIFE,
    )
    _say(scope, "request", asked, count=payload.get("count"), reason=asked.reason)
    return asked


def _check_payload(payload: Payload) -> None:
    values = [one for value in payload.values() for one in (value if isinstance(value, list) else [value])]
    if not all(type(value) is int for value in values):
        raise PayloadNotNumbers


@transaction.atomic
def approve(scope: Scope, act_id: int) -> Act:
    """Decides for an act and carries it out, or queues the job that does; both or none.

    Raises what stands in the way: OwnAct, SameUnit, UnitMissing, AlreadyDecided, ActExpired, AskerGone, and whatever
    keeps the act itself from being done. The act then waits on.
    """
    decided = _waiting(scope, act_id)
    decided.decider_unit = require_other_unit(scope, decided)
    _decide(scope, decided, Decision.APPROVED)
    _say(scope, "approve", decided)
    if CARRIERS[Kind(decided.kind)].is_long:
        _require_asker(scope, decided)
        app.configure_task(CARRY_OUT_JOB, queue="approvals").defer(act_id=decided.pk)
    else:
        _carry_out(scope, decided)
    return decided


@transaction.atomic
def refuse(scope: Scope, act_id: int, reason: str) -> Act:
    """Decides against an act. Whoever may decide may refuse, of whatever unit."""
    decided = _waiting(scope, act_id)
    decided.decider_unit = unit_of(scope, scope.actor_id) if scope.actor_id else ""
    decided.refusal = reason[:300]
    _decide(scope, decided, Decision.REFUSED)
    _say(scope, "refuse", decided, reason=decided.refusal)
    return decided


@transaction.atomic
def withdraw(scope: Scope, act_id: int) -> Act:
    """Takes back what one asked for oneself."""
    mine = _locked(scope, act_id)
    if mine.requested_by_id != scope.actor_id:
        raise NotAllowed
    _require_waiting(mine)
    _decide(scope, mine, Decision.WITHDRAWN)
    _say(scope, "withdraw", mine)
    return mine


def _waiting(scope: Scope, act_id: int) -> Act:
    """The act, locked, if this person may decide it now."""
    scope.require(Permission.APPROVALS_ACT_DECIDE)
    found = _locked(scope, act_id)
    require_decider(scope, found)
    _require_waiting(found)
    return found


def _locked(scope: Scope, act_id: int) -> Act:
    # Two who decide at once queue up here; the second finds it decided.
    found = acts_in(scope).select_related(None).select_for_update(of=("self",)).filter(pk=act_id).first()
    if found is None:
        raise NotFound
    return found


def _require_waiting(act: Act) -> None:
    if act.decision == Decision.EXPIRED or (not act.decision and act.is_over(now())):
        raise ActExpired
    if act.decision:
        raise AlreadyDecided


def _decide(scope: Scope, act: Act, decision: Decision) -> None:
    act.decision, act.decided_by_id, act.decided_at = decision, scope.actor_id, now()
    act.save(update_fields=["decision", "decided_by", "decider_unit", "decided_at", "refusal"])


def _require_asker(scope: Scope, act: Act) -> Scope:
    """The scope of the person who asked, as it is today. Raises AskerGone."""
    asker = scope_of_requester(scope, act.requested_by_id)
    if not covers_kind(asker, act):
        raise AskerGone
    return asker


def _carry_out(scope: Scope, act: Act) -> None:
    asker = _require_asker(scope, act)
    act.result = dict(CARRIERS[Kind(act.kind)].carry_out(asker, Errand(act.pk, act.payload, act.reason)))
    act.carried_out_at, act.outcome = now(), DONE
    act.save(update_fields=["carried_out_at", "outcome", "result"])
    _say(scope, "carry_out", act, **act.result)


@transaction.atomic
def carry_out(scope: Scope, act_id: int) -> Act:
    """Carries out an approved act once, however often it is called; what keeps it from being done is written down."""
    scope.require(Permission.APPROVALS_ACT_DECIDE)
    act = Act.objects.select_for_update(of=("self",)).get(pk=act_id)
    if act.decision != Decision.APPROVED or act.outcome:
        return act
    try:
        with transaction.atomic():
            _carry_out(scope, act)
    except KsdbError as error:
        act.outcome = error.code
        act.carried_out_at, act.result = None, {}
        act.save(update_fields=["carried_out_at", "outcome", "result"])
        _say(scope, "fail", act, code=error.code)
    return act


def expire_acts(scope: Scope) -> int:
    """Closes the acts that nobody decided in time; returns how many."""
    scope.require(Permission.APPROVALS_ACT_DECIDE)
    with transaction.atomic():
        over = list(Act.objects.select_for_update(skip_locked=True).filter(decision="", expires_at__lte=now()))
        for act in over:
            act.decision, act.decided_at = Decision.EXPIRED, act.expires_at
            act.save(update_fields=["decision", "decided_at"])
            _say(scope, "expire", act)
    return len(over)


def _say(scope: Scope, what: str, act: Act, **detail: object) -> None:
    record(scope, f"approvals:act:{what}", ("act", act.pk), detail={"kind": act.kind, **detail})
