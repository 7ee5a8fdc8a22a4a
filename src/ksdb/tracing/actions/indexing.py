"""The presence index kept: refreshed, verified against the log, made anew."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ksdb.core.scope import Permission, Scope
from ksdb.postgres.named import sql
from ksdb.tracing.presence.files import Manifest, damaged
from ksdb.tracing.presence.opening import open_index
from ksdb.tracing.presence.reading import instant, log_state
from ksdb.tracing.presence.refreshing import Refreshed, index_folder, log_snapshot, refresh_files, usable_manifest

WRITE = Permission.TRACING_CASE_WRITE


@dataclass(frozen=True)
class IndexStatus:
    """How the index is: whether a trace uses it, since when, of how many visits, and how many are newer."""

    is_used: bool
    made_at: datetime | None = None
    days: int = 0
    visits: int = 0
    new_visits: int = 0
    byte_count: int = 0


def refresh_index(scope: Scope, *, anew: bool = False) -> Refreshed:
    """Brings the index up to now, or makes all of it anew. Raises IndexBusy, StayTooLong."""
    scope.require(WRITE)
    return refresh_files(anew=anew)


def verify_index(scope: Scope) -> list[str]:
    """Names what is damaged or differs from the log, and then makes the index anew. Reads all of both."""
    scope.require(WRITE)
    with log_snapshot():
        state = log_state()
        manifest = usable_manifest(index_folder(), state)
        wrong = _wrong(manifest, {day.day: day.disputes for day in state.days}) if manifest else ["manifest.json"]
    refresh_files(anew=bool(wrong))
    return wrong


def index_status(scope: Scope) -> IndexStatus:
    """How the index is, as a trace would find it now."""
    scope.require(WRITE)
    with log_snapshot():
        manifest = usable_manifest(index_folder(), log_state())
        opened = open_index()
    if manifest is None:
        return IndexStatus(is_used=False)
    return IndexStatus(
        opened is not None,
        instant(manifest.made_at),
        len(manifest.days),
        manifest.visits,
        opened.new_visits if opened else 0,
        manifest.byte_count,
    )


def _wrong(manifest: Manifest, disputes: Mapping[int, str]) -> list[str]:
    """Damaged files, and days of which the log holds another number of visits, though no dispute was decided since."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "presence_counts"), {"until": manifest.horizon})
        counts = dict(cursor.fetchall())
    days = {day.day: day.visits for day in manifest.days}
    newer = {day.day for day in manifest.days if disputes.get(day.day, "") != day.disputes}
    looked_at = (counts.keys() | days.keys()) - newer
    other = {number for number in looked_at if counts.get(number, 0) != days.get(number, 0)}
    return [*damaged(index_folder(), manifest), *(str(number) for number in sorted(other))]
