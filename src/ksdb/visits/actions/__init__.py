"""Writes of devices, and the keeping of the day partitions."""

import hashlib
import secrets
from datetime import date, datetime, timedelta

from django.db import connection, transaction

from ksdb.approvals.actions import request_act
from ksdb.approvals.kinds import Errand, Kind, Payload
from ksdb.approvals.models import Act
from ksdb.audit.actions import record
from ksdb.audit.erasing import erase_files, files_before
from ksdb.config import settings
from ksdb.core.clock import day_bounds, now, today
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.ids import random_card_number
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import covers, province
from ksdb.postgres.named import sql
from ksdb.visits.actions.disputes import decide_dispute, dispute_visit, forget_disputes
from ksdb.visits.actions.points import PointFacts, Ways, change_ways, close_point, correct_point, reopen_point
from ksdb.visits.flagging import look_through_arrivals
from ksdb.visits.keeping import DayHeld, DayNotOver, Dropped, day_in, first_kept_on, is_held
from ksdb.visits.matching import Matched, match_scans
from ksdb.visits.models import Device, EnrolCode, PointOwner, Visit
from ksdb.visits.queries import point_of, points_of
from ksdb.web.exporting import EXPORT_LIFE, exports_dir

__all__ = [
    "PointFacts",
    "Ways",
    "change_ways",
    "close_point",
    "correct_point",
    "decide_dispute",
    "dispute_visit",
    "reopen_point",
]

CODE_LASTS = timedelta(hours=24)
MOST_OPEN_CODES = 20
DAYS_AHEAD = 7
"""Partitions made before they are needed, so that a job that fails for a week costs nothing."""


class PointClosed(KsdbError):
    """This place is closed: no device can be let in. Ask the ward to open it again."""

    code = "point_closed"
    status = 409


class TooManyCodes(KsdbError):
    """Twenty codes of this place are open already. Use one of them, or withdraw them and make a new one."""

    code = "too_many_codes"
    status = 409


def enrol_device(scope: Scope, point_id: int, name: str) -> tuple[Device, str]:
    """A new device at the point, and its token, which is shown this once and kept as a hash only."""
    point_of(scope, point_id)
    token = secrets.token_urlsafe(32)
    device = Device.objects.create(
        point_id=point_id, name=name, token_sha256=hashlib.sha256(token.encode()).digest(), enrolled_at=now()
    )
    record(scope, Permission.VISITS_DEVICE_ENROL, subject=("device", device.pk), detail={"point": point_id})
    return device, token


def revoke_device(scope: Scope, device_id: int) -> None:
    """The device's token is refused from the moment the gateways hear of it."""
    device = _device(scope, device_id)
    device.revoked_at = now()
    device.save(update_fields=["revoked_at"])
    record(scope, "visits:device:revoke", subject=("device", device_id))


def _device(scope: Scope, device_id: int) -> Device:
    """A device in service at a point that the actor manages."""
    found = Device.objects.filter(pk=device_id, revoked_at=None, point__in=points_of(scope)).first()
    if found is None:
        raise NotFound
    return found


def rename_device(scope: Scope, device_id: int, name: str, *, is_register: bool | None = None) -> None:
    """Its name, and whether it is a register; None: as it was."""
    device = _device(scope, device_id)
    device.name = name
    device.is_register = device.is_register if is_register is None else is_register
    device.save(update_fields=["name", "is_register"])
    record(scope, "visits:device:rename", subject=("device", device_id))


@transaction.atomic
def make_enrol_code(scope: Scope, point_id: int, *, is_register: bool = False) -> tuple[str, datetime]:
    """Twelve digits that let one device in at the point, and until when; shown this once and kept as a hash only."""
    point = point_of(scope, point_id)
    if point.closed_at is not None:
        raise PointClosed
    point.enrol_codes.filter(used_at=None, expires_at__lte=now()).delete()
    if point.enrol_codes.filter(used_at=None).count() >= MOST_OPEN_CODES:
        raise TooManyCodes
    code, until = random_card_number(), now() + CODE_LASTS
    digest = hashlib.sha256(code.encode()).digest()
    given = {"made_by_id": scope.actor_id, "made_at": now(), "expires_at": until, "is_register": is_register}
    EnrolCode.objects.create(point=point, code_sha256=digest, **given)
    record(scope, "visits:code:write", subject=("point", point_id))
    return code, until


def withdraw_codes(scope: Scope, point_id: int) -> int:
    """Ends the point's codes that nobody used yet; how many there were."""
    count = point_of(scope, point_id).enrol_codes.filter(used_at=None).delete()[0]
    record(scope, "visits:code:withdraw", subject=("point", point_id), detail={"count": count})
    return int(count)


def give_point(scope: Scope, point_id: int, account_id: int) -> None:
    """Makes the account an owner of the point; again does nothing."""
    scope.require(Permission.VISITS_POINT_WRITE)
    point_of(scope, point_id)
    PointOwner.objects.get_or_create(account_id=account_id, point_id=point_id, defaults={"since": now()})
    record(scope, "visits:owner:write", subject=("point", point_id), detail={"account": account_id})


def ensure_partitions(scope: Scope, first_on: date, last_on: date) -> int:
    """Makes the day partitions that are missing; returns how many."""
    scope.require(Permission.VISITS_POINT_WRITE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions(%s, %s)", [first_on, last_on])
        return int(cursor.fetchone()[0])


def keep_partitions(scope: Scope) -> list[str]:
    """Makes the partitions of the retention and the days ahead, drops those past it; returns the names dropped.

    What the database was told by its owner goes before a shorter retention of this process, which it would refuse.
    Each is dropped in a transaction of its own, with its proof in the trail. An open case does not hold a day longer:
    what it needs of a day is the evidence stored with its traces.
    """
    first_kept = min(first_kept_on(), _noted_first_kept_on())
    ensure_partitions(scope, first_kept_on(), today() + timedelta(days=DAYS_AHEAD))
    scope.require(Permission.VISITS_DAY_DELETE)
    over = _partitions(date.min, first_kept)
    for on in {day for _, day, _ in over}:
        forget_disputes(scope, on)
    return [_drop(scope, name, "visits:day:drop").partition for name, _, _ in over]


def note_retention(scope: Scope) -> None:
    """Tells the database, as its owner, how many days are kept: it lets nobody drop one of those alone."""
    scope.require(Permission.VISITS_DAY_DELETE)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "note_retention"), {"days": settings().retention_days})


def _noted_first_kept_on() -> date:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "noted_retention"))
        return today() - timedelta(days=cursor.fetchone()[0])


def _partitions(since: date, until: date) -> list[tuple[str, date, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "partitions"), {"since": since, "until": until})
        return list(cursor.fetchall())


@transaction.atomic
def _drop(scope: Scope, name: str, action: str) -> Dropped:
    """Drops one partition. What it held stands in the trail before it goes, in the same transaction."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.visits", "partition_proof"), {"name": name})
        proof = Dropped(name, *cursor.fetchone())
        record(scope, action, detail=_said(proof))
        cursor.execute(sql("ksdb.visits", "drop_partition"), {"name": name})
    return proof


def _said(proof: Dropped) -> dict[str, object]:
    return {
        "partition": proof.partition,
        "rows": proof.rows,
        "first_at": proof.first_at and proof.first_at.isoformat(),
        "last_at": proof.last_at and proof.last_at.isoformat(),
        "keys_sha256": proof.keys_sha256,
    }


def ask_day_delete(scope: Scope, on: date, reason: str) -> Act:
    """Asks that a day be deleted before its time. Raises DayNotOver, DayHeld."""
    division_id = province(scope).pk
    if not covers(scope, Permission.VISITS_DAY_DELETE, division_id):
        raise NotFound
    _check_day(scope, on)
    since, until = day_bounds(on)
    count = Visit.objects.filter(scanned_at__gte=since, scanned_at__lt=until).count()
    payload = {"count": count, "day": on.year * 10_000 + on.month * 100 + on.day}
    return request_act(scope, Kind.DAY_DELETE, division_id, payload, reason)


def _check_day(scope: Scope, on: date) -> None:
    if on >= today() or not _partitions(on, on + timedelta(days=1)):
        raise DayNotOver
    if is_held(scope, on):
        raise DayHeld


@transaction.atomic
def carry_out_day_delete(scope: Scope, errand: Errand) -> Payload:
    """Drops both logs of a day; an empty day stands in their place, so that late scans of it find one."""
    scope.require(Permission.VISITS_DAY_DELETE)
    on = day_in(errand.payload)
    _check_day(scope, on)
    forget_disputes(scope, on)
    dropped = [_drop(scope, name, "visits:day:delete") for name, _, _ in _partitions(on, on + timedelta(days=1))]
    ensure_partitions(scope, on, on)
    return {"count": sum(proof.rows for proof in dropped)}


def erase_exports(scope: Scope) -> int:
    """Deletes the files that were taken out more than 24 hours ago; returns how many."""
    scope.require(Permission.VISITS_DAY_DELETE)
    return erase_files(scope, "visits:export:erase", files_before(exports_dir(), now() - EXPORT_LIFE))


def flag_visits(scope: Scope) -> int:
    """Raises the flags of what arrived since the last look; returns how many."""
    scope.require(Permission.VISITS_POINT_WRITE)
    return look_through_arrivals()


def match_codes(scope: Scope) -> Matched:
    """Gives visits by other systems' codes their residents, as far as the registry knows the numbers in them."""
    scope.require(Permission.VISITS_POINT_WRITE)
    done = match_scans()
    if done.visits:
        record(scope, "visits:code:match", detail={"count": done.visits})
    return done
