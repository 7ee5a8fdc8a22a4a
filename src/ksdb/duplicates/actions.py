"""Writes of duplicates: the search for pairs, and what an officer decides about one."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction

from ksdb.audit.actions import record_many
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.duplicates import queries
from ksdb.duplicates.finding import FoundPair, find_pairs
from ksdb.duplicates.models import Merge, Pair, Search
from ksdb.duplicates.people import People, gathered
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident

ROOM = "ksdb.duplicates"
CHUNK = 20_000


class PairDecided(KsdbError):
    """Somebody has decided about this pair meanwhile. Load the page again to see how."""

    code = "pair_decided"
    status = 409


class NotOfThisPair(KsdbError):
    """This record is not one of the two. Go back to the pair, and choose the record to keep."""

    code = "not_of_this_pair"
    status = 422


def search_pairs(scope: Scope, *, is_whole: bool) -> Search | None:
    """Looks for pairs: of everybody with everybody, or of the records that came or changed since the last with all.

    None when there is nothing new to look for, or another search runs.
    """
    if not scope.is_system:
        raise NotAllowed
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "lock_search"))
        if not cursor.fetchone()[0]:
            return None
        cursor.execute(sql(ROOM, "newest_resident"))
        newest = int(cursor.fetchone()[0])
        last = Search.objects.first()
        since = 0 if is_whole or last is None else last.newest_resident_id
        # Taken before the records are read: what changes in between is compared now, and once more next time.
        cursor.execute(sql(ROOM, "take_changed"))
        changed = [one for (one,) in cursor.fetchall()]
        return _searched(since, newest, changed) if newest > since or changed else None


def _searched(since: int, newest: int, changed: Sequence[int]) -> Search:
    started = now()
    people = _people()
    fresh = (people.id > since) | np.isin(people.id, changed)
    result = find_pairs(people, fresh)
    _store(people, result.pairs, started)
    _drop_others(people, result.pairs, newest, None if since == 0 else changed)
    return Search.objects.create(
        started_at=started,
        finished_at=now(),
        is_whole=since == 0,
        newest_resident_id=newest,
        people_count=len(people),
        fresh_count=int(fresh.sum()),
        pair_count=len(result.pairs),
        skipped_count=result.skipped,
    )


def _people() -> People:
    """Everybody, in chunks from a cursor on the server: the driver never holds all rows."""
    connection.ensure_connection()
    with connection.connection.cursor("duplicates_people", binary=True) as cursor:
        cursor.execute(sql(ROOM, "people"))
        return gathered(_chunks(cursor))


def _chunks(cursor: object) -> Iterator[Sequence[Sequence[object]]]:
    while rows := cursor.fetchmany(CHUNK):  # type: ignore[attr-defined]
        yield rows


def _store(people: People, found: Sequence[FoundPair], at: datetime) -> None:
    given: dict[str, Any] = {
        **_ends(people, found),
        "scores": [pair.scored.score for pair in found],
        "reasons": [" ".join(pair.scored.reasons) for pair in found],
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "store_pairs"), given)


def _drop_others(people: People, found: Sequence[FoundPair], newest: int, changed: Sequence[int] | None) -> None:
    given = {**_ends(people, found), "newest": newest, "changed": None if changed is None else list(changed)}
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "drop_pairs_not_found"), given)


def _ends(people: People, found: Sequence[FoundPair]) -> dict[str, list[int]]:
    """The numbers of both records of each pair, the older first."""
    ids = np.array([(people.id[pair.first], people.id[pair.second]) for pair in found], np.int64).reshape(-1, 2)
    ids.sort(axis=1)
    return {"firsts": ids[:, 0].tolist(), "seconds": ids[:, 1].tolist()}


@transaction.atomic
def merge(scope: Scope, pair_id: int, survivor_id: int) -> Merge:
    """The other record of the pair becomes one of the survivor's. Nothing of either changes; cards and visits stay.

    Raises NotFound outside the jurisdiction, PairDecided, NotOfThisPair.
    """
    pair = _waiting(scope, pair_id)
    sides = {pair.first_id, pair.second_id}
    if survivor_id not in sides:
        raise NotOfThisPair
    (merged_id,) = sides - {survivor_id}
    if Resident.objects.filter(pk__in=sides).exclude(merged_into=None).exists():
        raise PairDecided
    made = Merge.objects.create(
        pair=pair, survivor_id=survivor_id, merged_id=merged_id, merged_at=now(), merged_by_id=scope.actor_id
    )
    _decided(scope, pair, Pair.Status.MERGED)
    _point_to_survivors({survivor_id, merged_id})
    detail = {"pair": pair_id, "survivor": survivor_id, "merged": merged_id}
    subjects = [("resident", survivor_id), ("resident", merged_id)]
    record_many(scope, "duplicates:pair:merge", subjects, Purpose.CORRECTION, detail)
    return made


@transaction.atomic
def tell_apart(scope: Scope, pair_id: int) -> Pair:
    """Two persons: the pair is never shown as waiting again."""
    pair = _waiting(scope, pair_id)
    _decided(scope, pair, Pair.Status.DIFFERENT)
    subjects = [("resident", pair.first_id), ("resident", pair.second_id)]
    record_many(scope, "duplicates:pair:differ", subjects, Purpose.CORRECTION, {"pair": pair_id})
    return pair


@transaction.atomic
def undo(scope: Scope, pair_id: int) -> Pair:
    """Takes back what was decided about a pair: it waits again, and both records are as they were."""
    pair = _locked(scope, pair_id)
    if pair.status == Pair.Status.WAITING:
        raise PairDecided
    standing = queries.standing_merge(scope, pair)
    if standing:
        standing.undone_at, standing.undone_by_id = now(), scope.actor_id
        standing.save(update_fields=["undone_at", "undone_by_id"])
        _point_to_survivors({standing.survivor_id, standing.merged_id})
    was = pair.status
    pair.status, pair.decided_at, pair.decided_by_id = Pair.Status.WAITING, None, None
    pair.save(update_fields=["status", "decided_at", "decided_by_id"])
    subjects = [("resident", pair.first_id), ("resident", pair.second_id)]
    record_many(scope, "duplicates:pair:undo", subjects, Purpose.CORRECTION, {"pair": pair_id, "was": was})
    return pair


def _waiting(scope: Scope, pair_id: int) -> Pair:
    pair = _locked(scope, pair_id)
    if pair.status != Pair.Status.WAITING:
        raise PairDecided
    return pair


def _locked(scope: Scope, pair_id: int) -> Pair:
    scope.require(Permission.DUPLICATES_PAIR_DECIDE)
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "lock_merges"))
    return queries.pair_of(scope, pair_id)


def _decided(scope: Scope, pair: Pair, status: Pair.Status) -> None:
    pair.status, pair.decided_at, pair.decided_by_id = status, now(), scope.actor_id
    pair.save(update_fields=["status", "decided_at", "decided_by_id"])


def _point_to_survivors(residents: set[int]) -> None:
    """`merged_into` of everybody whom standing merges tie to these, anew: the merges are the truth, it follows them."""
    parents = _parents_around(residents)
    for one in {*residents, *parents, *parents.values()}:
        root = one
        while root in parents:
            root = parents[root]
        Resident.objects.filter(pk=one).update(merged_into=None if root == one else root)


def _parents_around(residents: set[int]) -> dict[int, int]:
    """The survivor of each record, of all that standing merges tie to these; a handful of queries."""
    parents: dict[int, int] = {}
    known: set[int] = set()
    while fresh := ({*residents, *parents, *parents.values()} - known):
        known |= fresh
        standing = Merge.objects.filter(undone_at=None)
        rows = standing.filter(merged__in=fresh).union(standing.filter(survivor__in=fresh))
        parents |= {merge.merged_id: merge.survivor_id for merge in rows}
    return parents
