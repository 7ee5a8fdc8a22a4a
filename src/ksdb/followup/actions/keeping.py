"""Forgetting follow-ups whose cases are forgotten, and sealing notes anew under a new key."""

from django.db import connection, transaction

from ksdb.access.sealing import sealer
from ksdb.audit.actions import record
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope
from ksdb.followup.models import Event, FollowUp
from ksdb.followup.queries import NOTE, ROOM
from ksdb.postgres.named import sql


@transaction.atomic
def forget_follow_ups(scope: Scope) -> int:
    """Deletes what is left without a case, with days and history; returns how many."""
    if not scope.is_system:
        raise NotAllowed
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "without_source"))
        ids = [one for (one,) in cursor.fetchall()]
    if ids:
        FollowUp.objects.filter(pk__in=ids).delete()
        record(scope, "followup:contact:forget", detail={"count": len(ids)})
    return len(ids)


@transaction.atomic
def reseal_notes(scope: Scope) -> int:
    """Every note under the newest seal key; returns how many were not."""
    if not scope.is_system:
        raise NotAllowed
    changed = []
    for event in Event.objects.exclude(note_sealed=None).select_for_update():
        before = bytes(event.note_sealed or b"")
        event.note_sealed = sealer().sealed_anew(NOTE, before)
        if event.note_sealed != before:
            changed.append(event)
    Event.objects.bulk_update(changed, ["note_sealed"], batch_size=1000)
    record(scope, "followup:seal:rotate", detail={"notes": len(changed)})
    return len(changed)
