"""Forgetting follow-ups whose cases are forgotten."""

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope
from ksdb.followup.models import FollowUp
from ksdb.followup.queries import ROOM
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
