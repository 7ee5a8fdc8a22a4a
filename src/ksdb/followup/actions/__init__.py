"""Writes of the follow-up: whose contacts are followed, and by which run."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.followup.faults import NotFollowed, OlderRun, TooManyChosen
from ksdb.followup.models import Event, FollowedCase, FollowUp, Source
from ksdb.followup.quarantine import last_day
from ksdb.followup.queries import ROOM
from ksdb.followup.queries.progress import contacts_to_follow
from ksdb.followup.states import EventKind, Outcome, Status
from ksdb.places.queries import covers
from ksdb.postgres.named import sql
from ksdb.registry.queries import identities_of, persons_of
from ksdb.tracing.models import CaseRecord, Contact, Trace
from ksdb.tracing.queries import Chosen, contacts_chosen, trace

CHUNK = 2_000
MOST_CHOSEN = 200
"""A second generation may be a whole town: it is put on the wards' lists in parts that one can oversee."""


@dataclass
class Taken:
    """What following a run came to: people new on the list, gone from it, back on it, and cases by now themselves."""

    opened: int = 0
    gone: int = 0
    again: int = 0
    are_cases: int = 0
    events: list[Event] = field(default_factory=list)


def follow(scope: Scope, trace_id: int, days: int) -> Taken:
    """Follows the contacts of the first generation of this run, and those chosen before, in place of an earlier run.

    Who is followed already stays one follow-up, longer if the exposure is later. Who is no contact by this run is
    shown as such and stays. Raises NotFound, NotAllowed, OlderRun.
    """
    found = trace(scope, trace_id)
    if not covers(scope, Permission.TRACING_CASE_WRITE, found.case.resident.division_id):
        raise NotAllowed
    with transaction.atomic():
        lock(scope)
        _set_run(scope, found, days)
        taken = _take(scope, found, days, contacts_to_follow(scope, found))
        detail = {"case": found.case_id, "trace": trace_id, "days": days, "opened": taken.opened, "gone": taken.gone}
        record(scope, "followup:case:follow", ("case", found.case_id), Purpose.CASE_TRACING, detail)
    return taken


def follow_chosen(scope: Scope, trace_id: int, chosen: Chosen) -> Taken:
    """Follows people of the second generation too: those chosen, of the run that is followed, at most 200 at once.

    A later run that still names them keeps them. Raises NotFound, NotAllowed, NotFollowed, TooManyChosen.
    """
    found = trace(scope, trace_id)
    if not covers(scope, Permission.TRACING_CASE_WRITE, found.case.resident.division_id):
        raise NotAllowed
    second = list(contacts_chosen(scope, found, replace(chosen, generation=2))[: MOST_CHOSEN + 1])
    if len(second) > MOST_CHOSEN:
        raise TooManyChosen
    with transaction.atomic():
        lock(scope)
        standing = FollowedCase.objects.filter(case=found.case_id, trace=found).first()
        if standing is None:
            raise NotFollowed
        known = contacts_to_follow(scope, found)
        fresh = [one for one in second if one.pk not in {contact.pk for contact in known}]
        taken = _take(scope, found, standing.days, [*known, *fresh])
        detail = {"case": found.case_id, "trace": trace_id, "chosen": len(second), "opened": taken.opened}
        record(scope, "followup:contact:choose", ("case", found.case_id), Purpose.CASE_TRACING, detail)
    return taken


def lock(scope: Scope) -> None:
    """One at a time decides who is followed, until the end of the transaction."""
    scope.require(Permission.TRACING_CASE_WRITE)
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "lock_follow_ups"))


def _set_run(scope: Scope, found: Trace, days: int) -> None:
    standing = FollowedCase.objects.filter(case=found.case_id).first()
    if standing is None:
        at = now()
        FollowedCase.objects.create(
            case=found.case, trace=found, days=days, started_at=at, started_by_id=scope.actor_id, taken_at=at
        )
        return
    if standing.trace_id > found.pk:
        raise OlderRun
    standing.trace, standing.days, standing.taken_at = found, days, now()
    standing.save(update_fields=["trace", "days", "taken_at"])


def _take(scope: Scope, found: Trace, days: int, contacts: Sequence[Contact]) -> Taken:
    taken = Taken()
    join_merged(scope)
    persons = persons_of(scope, {one.resident_id for one in contacts})
    met = {persons.get(one.resident_id, one.resident_id): one for one in contacts}
    ill = _with_open_case(scope, met)
    taken.are_cases = len(ill)
    followed = _followed(scope, found, met)
    fresh = [one for resident, one in met.items() if resident not in followed and resident not in ill]
    followed |= _opened(scope, fresh, persons, days, taken)
    exposures = [(followed[resident], one) for resident, one in met.items() if resident in followed]
    _write_sources(found, days, exposures)
    left = _gone(found, {one.pk for one, _ in exposures}, taken)
    _settle({one.pk for one, _ in exposures} | left, found, taken)
    Event.objects.bulk_create(taken.events, batch_size=CHUNK)
    return taken


def _with_open_case(scope: Scope, persons: Collection[int]) -> set[int]:
    """Which of these persons are cases themselves: they are isolated, not quarantined."""
    ill = set(CaseRecord.objects.filter(closed_at=None).values_list("resident", flat=True))
    counting = persons_of(scope, ill)
    return {counting.get(one, one) for one in ill} & set(persons)


def _followed(scope: Scope, found: Trace, met: Mapping[int, Contact]) -> dict[int, FollowUp]:
    """The follow-up of each person: the open one, or the one that was closed for this case after this exposure."""
    records = identities_of(scope, sorted(met))
    persons = persons_of(scope, records)
    mine = FollowUp.objects.filter(resident__in=records)
    closed = mine.filter(sources__case=found.case_id).exclude(closed_at=None).order_by("pk")
    by_person = {persons.get(one.resident_id, one.resident_id): one for one in closed}
    current = {who: one for who, one in by_person.items() if one.last_exposed_at >= met[who].last_at}
    return current | {persons.get(one.resident_id, one.resident_id): one for one in mine.filter(closed_at=None)}


def _opened(
    scope: Scope, fresh: Sequence[Contact], persons: Mapping[int, int], days: int, taken: Taken
) -> dict[int, FollowUp]:
    homes = _homes({persons.get(one.resident_id, one.resident_id) for one in fresh})
    at, on = now(), today()
    made = FollowUp.objects.bulk_create(
        (
            FollowUp(
                resident_id=resident,
                division_id=homes[resident][0],
                ward_id=homes[resident][1],
                last_exposed_at=one.last_at,
                until_on=last_day(one.last_at, days),
                next_on=on,
                opened_at=at,
            )
            for one in fresh
            for resident in [persons.get(one.resident_id, one.resident_id)]
        ),
        batch_size=CHUNK,
    )
    taken.opened = len(made)
    taken.events += [
        Event(follow_up=one, kind=EventKind.OPENED, status=Status.TO_CALL, at=at, by_id=scope.actor_id) for one in made
    ]
    return {one.resident_id: one for one in made}


def _homes(residents: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Of each resident where the person lives, and the commune it is counted under."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "homes_of"), {"residents": list(residents), "on": today()})
        return {resident: (home, ward) for resident, home, ward in cursor.fetchall()}


def _write_sources(found: Trace, days: int, exposures: Iterable[tuple[FollowUp, Contact]]) -> None:
    Source.objects.bulk_create(
        (
            Source(
                follow_up=one,
                case=found.case,
                trace=found,
                last_at=contact.last_at,
                seconds=contact.seconds,
                days=days,
                generation=contact.generation,
            )
            for one, contact in exposures
        ),
        batch_size=CHUNK,
        update_conflicts=True,
        unique_fields=["follow_up", "case"],
        update_fields=["trace", "last_at", "seconds", "days", "generation", "gone_by"],
    )


def _gone(found: Trace, stays: Collection[int], taken: Taken) -> set[int]:
    """Marks whom this run no longer names; their follow-ups."""
    left = Source.objects.filter(case=found.case_id, gone_by=None).exclude(follow_up__in=stays)
    ids = set(left.values_list("follow_up", flat=True))
    left.update(gone_by=found)
    taken.gone = len(ids)
    return ids


def _settle(ids: Collection[int], found: Trace, taken: Taken) -> None:
    """The last day and whether one is a contact, anew, from the exposures that stand; the latest exposure counts."""
    changed = []
    for one in FollowUp.objects.filter(pk__in=ids, closed_at=None).prefetch_related("sources"):
        before = (one.is_contact, one.last_exposed_at, one.until_on)
        set_days(one)
        if (one.is_contact, one.last_exposed_at, one.until_on) != before:
            changed.append(one)
            _tell(one, before[0], found, taken)
    fields = ["is_contact", "last_exposed_at", "until_on"]
    FollowUp.objects.bulk_update(changed, fields, batch_size=CHUNK)


def set_days(one: FollowUp) -> None:
    """Counts the exposures of a follow-up that stand; without one, its days stay as they were."""
    standing = [source for source in one.sources.all() if source.gone_by_id is None]
    one.is_contact = bool(standing)
    if standing:
        one.last_exposed_at = max(source.last_at for source in standing)
        one.until_on = max(last_day(source.last_at, source.days) for source in standing)


def _tell(one: FollowUp, was_contact: bool, found: Trace, taken: Taken) -> None:
    kind = EventKind.EXPOSED_AGAIN
    if was_contact != one.is_contact:
        kind = EventKind.AGAIN if one.is_contact else EventKind.NO_LONGER
        taken.again += one.is_contact
    taken.events.append(Event(follow_up=one, kind=kind, status=one.status, trace_id=found.pk, at=now()))


@transaction.atomic
def join_merged(scope: Scope) -> int:
    """Who was found to have two records has one follow-up: the one of the record that counts takes the other's in."""
    lock(scope)
    merged = FollowUp.objects.filter(closed_at=None).exclude(resident__merged_into=None).select_related("resident")
    return sum(_join(one) for one in merged.order_by("pk"))


def _join(one: FollowUp) -> bool:
    records = FollowUp.objects.filter(closed_at=None).exclude(pk=one.pk)
    counting = one.resident.merged_into_id
    other = (
        records.filter(resident=counting).first()
        or records.filter(resident__merged_into=counting, pk__lt=one.pk).first()
    )
    if other is None:
        return False
    _move(one, other)
    one.status, one.closed_at, one.outcome, one.joined_to = Status.CLOSED, now(), Outcome.JOINED, other
    one.save(update_fields=["status", "closed_at", "outcome", "joined_to"])
    set_days(other)
    other.next_on = min(other.next_on, one.next_on)
    other.first_called_at = min(filter(None, [one.first_called_at, other.first_called_at]), default=None)
    other.save()
    return True


def _move(one: FollowUp, other: FollowUp) -> None:
    """Exposures, days and history go along; of one case the later exposure."""
    known = {source.case_id: source for source in other.sources.all()}
    for source in one.sources.all():
        twin = known.get(source.case_id)
        if twin is None:
            source.follow_up = other
            source.save(update_fields=["follow_up"])
        elif twin.last_at < source.last_at:
            twin.last_at, twin.seconds, twin.trace_id = source.last_at, source.seconds, source.trace_id
            twin.save(update_fields=["last_at", "seconds", "trace"])
    one.events.update(follow_up=other)
    one.entries.update(follow_up=other)
