"""Writes around the rounds: who goes where, in which order, and the list that is taken along."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.outreach.doors import Door
from ksdb.outreach.faults import HelperUnknown
from ksdb.outreach.models import Assignment, WalkingOrder
from ksdb.outreach.queries import ROOM, WorkList, group_in, helpers_for, record_shown, work_list
from ksdb.outreach.reasons import Occasion
from ksdb.postgres.named import sql
from ksdb.web.exporting import rows_sha256

TAKE = Permission.OUTREACH_LIST_TAKE


@dataclass(frozen=True)
class Taken:
    """A list taken along, how many it names, and the hash of their rows: number, name, year, card, reason."""

    listed: WorkList
    rows: int
    sha256: str


@transaction.atomic
def take_along(scope: Scope, group_id: int, way: str, occasion: Occasion) -> Taken:
    """The doors of a group for a day outside, `way` phone or paper: by name only those without an active card.

    Each person in it is audited, however many: decision 046.
    """
    listed = work_list(scope, group_id, TAKE)
    people = [person for door in listed.doors for person in door.only_without_card().persons]
    rows = [(one.id, one.full_name, one.birth_year, one.number, one.reason or "") for one in people]
    taken = Taken(listed, len(rows), rows_sha256(rows))
    detail = {"way": way, "reason": occasion, "rows": taken.rows, "sha256": taken.sha256}
    record(scope, TAKE, ("division", group_id), Purpose.CARD_SERVICE, detail)
    record_shown(scope, people, TAKE, group_id)
    return taken


@transaction.atomic
def move_household(scope: Scope, group_id: int, household_id: int, place: int | str) -> None:
    """Puts a household one `up` or `down`, or after the household of that number; 0 puts it first.

    The order of addresses becomes an order of the group's own with that. Raises NotFound.
    """
    group_in(scope, Permission.OUTREACH_NOTE_WRITE, group_id)
    _lock(group_id)
    doors = [door for door in work_list(scope, group_id).doors if door.id]
    ordered = _moved([door.id for door in doors], household_id, place)
    _run("set_positions", households=ordered, group=group_id)
    WalkingOrder.objects.update_or_create(
        division_id=group_id, defaults={"arranged_at": now(), "arranged_by_id": scope.actor_id}
    )
    record(scope, "outreach:order:write", ("division", group_id), detail={"household": household_id})


def _moved(ids: Sequence[int], moved: int, place: int | str) -> list[int]:
    if moved not in ids:
        raise NotFound
    rest = [one for one in ids if one != moved]
    at = ids.index(moved)
    if place == "up":
        to = max(at - 1, 0)
    elif place == "down":
        to = min(at + 1, len(rest))
    elif place == 0:
        to = 0
    elif place in rest:
        to = rest.index(int(place)) + 1
    else:
        raise NotFound
    return [*rest[:to], moved, *rest[to:]]


@transaction.atomic
def order_by_address(scope: Scope, group_id: int) -> None:
    """Gives the order of a group back to its addresses; the households take their places in it."""
    group_in(scope, Permission.OUTREACH_NOTE_WRITE, group_id)
    _lock(group_id)
    WalkingOrder.objects.filter(pk=group_id).delete()
    _run("set_positions", households=_ids(work_list(scope, group_id).doors), group=group_id)
    record(scope, "outreach:order:write", ("division", group_id), detail={"by": "address"})


def _ids(doors: Sequence[Door]) -> list[int]:
    return [door.id for door in doors if door.id]


@transaction.atomic
def assign(scope: Scope, group_id: int, account_id: int) -> None:
    """Gives the doors of a group to a helper; nothing happens when he or she has them. Raises HelperUnknown."""
    if account_id not in {account.pk for account in helpers_for(scope, group_id)}:
        raise HelperUnknown
    _lock(group_id)
    _, is_new = Assignment.objects.get_or_create(
        account_id=account_id,
        division_id=group_id,
        ended_at=None,
        defaults={"assigned_at": now(), "assigned_by_id": scope.actor_id},
    )
    if is_new:
        _record_helper(scope, group_id, account_id, "assigned")


@transaction.atomic
def unassign(scope: Scope, group_id: int, account_id: int) -> None:
    """Ends an assignment; it stays on record. Raises NotFound when there is none."""
    group_in(scope, Permission.OUTREACH_HELPER_ASSIGN, group_id)
    open_ones = Assignment.objects.filter(division=group_id, account=account_id, ended_at=None)
    if not open_ones.update(ended_at=now(), ended_by_id=scope.actor_id):
        raise NotFound
    _record_helper(scope, group_id, account_id, "ended")


def _record_helper(scope: Scope, group_id: int, account_id: int, what: str) -> None:
    detail = {"group": group_id, "what": what}
    record(scope, Permission.OUTREACH_HELPER_ASSIGN, ("account", account_id), detail=detail)


def _lock(group_id: int) -> None:
    _run("lock_group", group=group_id)


def _run(name: str, **parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, name), parameters)
