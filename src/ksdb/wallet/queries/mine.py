"""Reads of what is held about a resident: for the resident's own pages, and for the sheet that the ward prints."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import get_language

from ksdb.access.sealing import opened
from ksdb.config import settings
from ksdb.core.clock import day_of, now, today
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.places.queries import within
from ksdb.postgres.named import sql
from ksdb.registry.queries import identities_of
from ksdb.visits.disputing import NOTE, VisitRef
from ksdb.visits.models import Dispute
from ksdb.wallet.asking import REQUEST_NOTE, REQUEST_TEXT, RequestState
from ksdb.wallet.models import Consent, DataRequest, Declaration, Holder
from ksdb.wallet.queries.held import Asked, Disputed, MyVisit, Read

ROOM = "ksdb.wallet"
MOST_VISITS = 500
MOST_READS = 200


def own_records(scope: Scope, resident_id: int) -> list[int]:
    """All records of a person whose card the phone keeps, or whose sheet the ward prints. Raises NotFound.

    The one that counts is the first. Everything below asks this first.
    """
    if not scope.is_system:
        scope.require_own(resident_id)
    return identities_of(reading(scope), [resident_id])


def reading(scope: Scope) -> Scope:
    """As the system reads, in the name of whoever asks: `own_records` has said that he may."""
    return Scope(scope.actor_id, is_system=True, address=scope.address, actor_name=scope.actor_name)


def my_visits(scope: Scope, resident_id: int, most: int | None = MOST_VISITS) -> list[MyVisit]:
    """The visits of as many days as are kept, latest first, each with its dispute; all where `most` is None."""
    records = own_records(scope, resident_id)
    asked: dict[str, Any] = {"residents": records, "since": _since(), "most": most}
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "visits_of_records"), asked)
        rows = cursor.fetchall()
    disputes = my_disputes(scope, resident_id)
    is_vietnamese = (get_language() or "vi") == "vi"
    return [
        MyVisit(ref, name, vi if is_vietnamese else en, is_exit, disputes.get(ref))
        for point_id, at, device_id, sequence, is_exit, name, vi, en in rows
        for ref in [VisitRef(point_id, at, device_id, sequence)]
    ]


def _since() -> datetime:
    return now() - timedelta(days=settings().retention_days)


def my_disputes(scope: Scope, resident_id: int) -> dict[VisitRef, Disputed]:
    """What was said about visits, until when it is answered, and what came of it; of each visit the latest."""
    found = Dispute.objects.filter(resident_id__in=own_records(scope, resident_id)).order_by("id")
    return {
        VisitRef(one.point_id, one.scanned_at, one.device_id, one.sequence): Disputed(
            one.state, one.due_on, one.decided_at, opened(NOTE, bytes(one.note_sealed)) if one.note_sealed else ""
        )
        for one in found
    }


def my_visit(scope: Scope, resident_id: int, ref: VisitRef) -> MyVisit:
    """One of them. Raises NotFound for anybody else's."""
    found = next((one for one in my_visits(scope, resident_id) if one.ref == ref), None)
    if found is None:
        raise NotFound
    return found


def my_reads(scope: Scope, resident_id: int, most: int | None = MOST_READS) -> list[Read]:
    """Who read the record, by office and role, when and why: a row for an account, day, purpose and act; no names.

    The latest; all where `most` is None.
    """
    asked: dict[str, Any] = {"residents": own_records(scope, resident_id), "most": most}
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "readers_of"), asked)
        return [Read(*row) for row in cursor.fetchall()]


def my_declarations(scope: Scope, resident_id: int) -> list[Declaration]:
    """What was declared, latest first."""
    found = Declaration.objects.filter(resident_id__in=own_records(scope, resident_id))
    return list(found.order_by("-on"))


def declared_today(scope: Scope, resident_id: int) -> Declaration | None:
    """The declaration of today, which is the mark."""
    return next((one for one in my_declarations(scope, resident_id) if one.on == today()), None)


def my_requests(scope: Scope, resident_id: int) -> list[Asked]:
    """What was asked to be put right, latest first."""
    found = DataRequest.objects.filter(resident_id__in=own_records(scope, resident_id)).order_by("-id")
    return [_asked(one) for one in found]


def _asked(one: DataRequest) -> Asked:
    note = opened(REQUEST_NOTE, bytes(one.note_sealed)) if one.note_sealed else ""
    return Asked(one, opened(REQUEST_TEXT, bytes(one.text_sealed)), note)


def my_consents(scope: Scope, resident_id: int) -> list[Consent]:
    """What was allowed and taken back, latest first."""
    return list(Consent.objects.filter(resident_id__in=own_records(scope, resident_id)).order_by("-given_at", "-id"))


def allows(scope: Scope, holder: Holder, resident_id: int, what: str) -> bool:
    """Whether the holder allows this for the resident now."""
    records = own_records(scope, resident_id)
    return Consent.objects.filter(holder=holder, resident__in=records, what=what, withdrawn_at=None).exists()


def requests_waiting(scope: Scope) -> QuerySet[DataRequest]:
    """Requests of residents of the jurisdiction that wait for an answer, those that are due first. Not audited."""
    return _requests(scope).filter(state=RequestState.OPEN).order_by("due_on", "id")


def requests_answered(scope: Scope) -> QuerySet[DataRequest]:
    """Those that were answered, latest first. Not audited."""
    return _requests(scope).exclude(state=RequestState.OPEN).order_by("-decided_at", "-id")


def _requests(scope: Scope) -> QuerySet[DataRequest]:
    inside = within(scope, Permission.WALLET_REQUEST_DECIDE, "resident__division")
    return DataRequest.objects.filter(inside).select_related("resident__division__parent")


def request_asked(scope: Scope, request_id: int) -> Asked:
    """One of the jurisdiction. Raises NotFound."""
    one = _requests(scope).filter(pk=request_id).first()
    if one is None:
        raise NotFound
    return _asked(one)


def is_late(scope: Scope, one: DataRequest) -> bool:
    """Whether its answer is overdue, to whoever may give it."""
    scope.require(Permission.WALLET_REQUEST_DECIDE)
    return one.state == RequestState.OPEN and one.due_on < day_of(now())
