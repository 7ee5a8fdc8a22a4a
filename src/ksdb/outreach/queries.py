"""Reads of the work at the doors: groups in figures, a group's doors in walking order, helpers, history, conflicts."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from ksdb.access.models import Grant, StaffAccount
from ksdb.audit.actions import record, record_many
from ksdb.cards.life import LIVE
from ksdb.core.clock import now, today
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import PERMISSIONS, Permission, Purpose, Scope
from ksdb.outreach.doors import CardState, Door, DoorPage, GroupCounts, Person, Standing, paged
from ksdb.outreach.models import Assignment, DoorNote, MissingReason, WalkingOrder
from ksdb.outreach.notes import Outcome
from ksdb.outreach.reasons import NO_CARD, OUT_OF_COUNT, Reason
from ksdb.outreach.walking import walk_key
from ksdb.places.models import Division, DivisionContainment
from ksdb.places.queries import covers, within
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident

ROOM = "ksdb.outreach"
PROGRESS_DAYS = 14
SHOWN_AS = "outreach:list:read"


@dataclass(frozen=True)
class GroupRow:
    """A residential group as the ward officer's page shows it."""

    division: Division
    counts: GroupCounts
    helpers: Sequence[str]
    is_own: bool


@dataclass(frozen=True)
class Progress:
    """What one helper did on one day."""

    on: date
    helper: str
    households: int
    reasons: int
    cards: int


@dataclass(frozen=True)
class WorkList:
    """A group with its doors in walking order, all of them; what of it is shown is audited where it is shown."""

    group: Division
    doors: Sequence[Door]
    is_arranged: bool

    @property
    def counts(self) -> GroupCounts:
        people = [person for door in self.doors for person in door.persons]
        homes = [door for door in self.doors if door.id]
        return GroupCounts(
            households=len(homes),
            complete=sum(not door.lacking for door in homes),
            residents=len(people),
            active=sum(person.card is CardState.ACTIVE for person in people),
            waiting=sum(person.card is CardState.WAITING for person in people),
            out=sum(person.is_out for person in people),
            lacking=sum(person.is_lacking for person in people),
            visited=sum(door.visited_at is not None for door in homes),
        )


@dataclass(frozen=True)
class PersonSheet:
    """One person of the work list with all that was ever noted, latest first, and by whom."""

    person: Person
    resident: Resident
    history: Sequence[tuple[MissingReason, str, str]]


def communes_at_work(scope: Scope) -> list[Division]:
    """Communes of the jurisdiction that have residential groups with people, by name."""
    parents = _groups(scope).values("parent")
    return list(Division.objects.filter(pk__in=parents).order_by("name", "-valid_from"))


def _groups(scope: Scope, permission: Permission = Permission.OUTREACH_LIST_READ) -> QuerySet[Division]:
    lived_in = Exists(Resident.objects.filter(division=OuterRef("pk"), merged_into=None))
    return Division.objects.filter(within(scope, permission, "pk"), lived_in, kind=Division.Kind.GROUP)


def groups_of(scope: Scope, commune_id: int) -> list[GroupRow]:
    """The groups of a commune that lie in the jurisdiction, own ones first. Three queries. NotFound when none does."""
    groups = list(_groups(scope).filter(parent=commune_id))
    if not groups:
        raise NotFound
    counts = _counts([group.pk for group in groups])
    helpers: dict[int, list[StaffAccount]] = {group.pk: [] for group in groups}
    for one in Assignment.objects.filter(division__in=groups, ended_at=None).select_related("account"):
        helpers[one.division_id].append(one.account)
    rows = [
        GroupRow(
            group,
            counts.get(group.pk, GroupCounts()),
            sorted(account.full_name for account in helpers[group.pk]),
            any(account.pk == scope.actor_id for account in helpers[group.pk]),
        )
        for group in groups
    ]
    return sorted(rows, key=lambda row: (not row.is_own, walk_key(row.division.name)))


def _counts(groups: list[int]) -> dict[int, GroupCounts]:
    rows = _rows("counts_of_groups", groups=groups, on=today(), out=sorted(OUT_OF_COUNT), **_card_words())
    return {division_id: GroupCounts(*counts) for division_id, *counts in rows}


def progress_in(scope: Scope, commune_id: int) -> list[Progress]:
    """What helpers did in the groups of a commune in the last two weeks, a row per day and helper."""
    groups = list(_groups(scope).filter(parent=commune_id).values_list("pk", flat=True))
    since = today() - timedelta(days=PROGRESS_DAYS - 1)
    return [Progress(*row) for row in _rows("progress_of_helpers", groups=groups, since=since)]


def group_in(scope: Scope, permission: Permission, group_id: int) -> Division:
    """A residential group where the permission was granted. Raises NotFound."""
    found = Division.objects.select_related("parent").filter(pk=group_id, kind=Division.Kind.GROUP).first()
    if found is None or not covers(scope, permission, group_id):
        raise NotFound
    return found


def work_list(scope: Scope, group_id: int, permission: Permission = Permission.OUTREACH_LIST_READ) -> WorkList:
    """The doors of a group. Whoever shows persons of it says so to the trail (`shown_page`, `record_shown`)."""
    group = group_in(scope, permission, group_id)
    is_arranged = WalkingOrder.objects.filter(pk=group_id).exists()
    doors = [Door(*row) for row in _rows("households_of_group", group=group_id, on=today())]
    if not is_arranged:
        doors.sort(key=lambda door: (walk_key(door.address), door.id))
    return WorkList(group, _peopled(doors, _persons(group_id)), is_arranged)


def _peopled(doors: Iterable[Door], persons: Iterable[Person]) -> list[Door]:
    """The doors with who lives there; those of no household of the group behind a door of their own, at the end."""
    by_home: dict[int, list[Person]] = {door.id: [] for door in doors}
    loose: list[Person] = []
    for person in persons:
        by_home.get(person.household_id, loose).append(person)
    peopled = [replace(door, persons=by_home[door.id]) for door in doors]
    return [*peopled, Door(0, "", "", 0, None, loose)] if loose else peopled


def _persons(group_id: int, resident_id: int | None = None) -> list[Person]:
    rows = _rows("persons_of_group", group=group_id, resident=resident_id, **_card_words())
    return [_person(row) for row in rows]


def _person(row: tuple[Any, ...]) -> Person:
    *who, card, index, number, reason_id, reason, said_on, noted_by = row
    told = Reason(reason) if reason else None
    return Person(*who, CardState(card), index, number, reason_id, told, said_on, noted_by)  # type: ignore[call-arg]


def shown_page(scope: Scope, listed: WorkList, number: int, *, only_lacking: bool) -> DoorPage:
    """At most 50 persons of the list; each one shown is audited."""
    doors = (door.only_lacking() for door in listed.doors) if only_lacking else iter(listed.doors)
    page = paged((door for door in doors if door.persons), number)
    record_shown(scope, page.persons, SHOWN_AS, listed.group.pk)
    return page


def record_shown(scope: Scope, persons: Iterable[Person], action: str, group_id: int) -> None:
    """One entry for each person shown or taken along."""
    subjects = [("resident", person.id) for person in persons]
    record_many(scope, action, subjects, Purpose.CARD_SERVICE, {"group": group_id})


def person_in(scope: Scope, permission: Permission, resident_id: int) -> tuple[Resident, Person]:
    """A resident of a residential group where the permission was granted. Not audited. Raises NotFound.

    Of a merged record the one that counts: a phone may have taken the other one along.
    """
    counting = Resident.objects.filter(pk=resident_id).values_list(Coalesce("merged_into_id", "pk"))
    of_group = Resident.objects.filter(within(scope, permission), pk__in=counting, division__kind=Division.Kind.GROUP)
    resident = of_group.select_related("division__parent", "household").first()
    if resident is None:
        raise NotFound
    return resident, _persons(resident.division_id, resident.pk)[0]


def person_sheet(scope: Scope, resident_id: int) -> PersonSheet:
    """One person with the history of reasons. Audited. Raises NotFound."""
    resident, person = person_in(scope, Permission.OUTREACH_LIST_READ, resident_id)
    record(scope, SHOWN_AS, ("resident", resident.pk), Purpose.CARD_SERVICE, {"group": resident.division_id})
    reasons = list(MissingReason.objects.filter(resident=resident).order_by("-pk"))
    names = _names({one.noted_by_id for one in reasons} | {one.withdrawn_by_id for one in reasons})
    history = [(one, names.get(one.noted_by_id, ""), names.get(one.withdrawn_by_id, "")) for one in reasons]
    return PersonSheet(person, resident, history)


def _names(account_ids: Iterable[int | None]) -> dict[int | None, str]:
    found = StaffAccount.objects.filter(pk__in=[number for number in account_ids if number])
    return dict(found.values_list("pk", "full_name"))


def needing_no_card(scope: Scope, resident_ids: Collection[int]) -> set[int]:
    """Those of the residents of whom it was said at the door that they died, moved away or are registered twice."""
    scope.require(Permission.CARDS_CARD_ISSUE)
    standing = MissingReason.objects.filter(withdrawn_at=None, reason__in=NO_CARD, resident__in=resident_ids)
    return set(standing.values_list("resident_id", flat=True))


def conflicts_of(scope: Scope, group_id: int) -> list[DoorNote]:
    """Notes of a group that contradict somebody else's and wait for a person to decide. Audited for each person."""
    group = group_in(scope, Permission.OUTREACH_LIST_READ, group_id)
    waiting = DoorNote.objects.filter(division=group, outcome=Outcome.CONFLICT).order_by("pk")
    found = list(waiting.select_related("resident", "actor")[:20])
    record_many(
        scope, SHOWN_AS, [("resident", one.resident_id) for one in found if one.resident_id], Purpose.CARD_SERVICE
    )
    return found


def conflict_in(scope: Scope, note_id: int) -> DoorNote:
    """A note that waits for a decision, where notes may be written. Raises NotFound."""
    notes = DoorNote.objects.select_related("resident", "actor")
    found = notes.filter(within(scope, Permission.OUTREACH_NOTE_WRITE), pk=note_id).first()
    if found is None:
        raise NotFound
    return found


def standing_for(scope: Scope, note: DoorNote) -> Standing:
    """What a note is in conflict with: the reason that stands, an active card, or a reason taken back."""
    resident, person = person_in(scope, Permission.OUTREACH_LIST_READ, note.resident_id or 0)
    latest = MissingReason.objects.filter(resident=resident).order_by("-pk").first()
    has_card = person.card is CardState.ACTIVE
    if latest is None:
        return Standing(None, "", None, has_card)
    at = latest.withdrawn_at or latest.noted_at
    by = latest.withdrawn_by_id if latest.withdrawn_at else latest.noted_by_id
    return Standing(person.reason, _names({by}).get(by, ""), at, has_card)


def helpers_for(scope: Scope, group_id: int) -> list[StaffAccount]:
    """Accounts whose grants of today reach the group and let them note at its doors, by name."""
    group_in(scope, Permission.OUTREACH_HELPER_ASSIGN, group_id)
    roles = [role for role, permissions in PERMISSIONS.items() if Permission.OUTREACH_NOTE_WRITE in permissions]
    outer = DivisionContainment.objects.filter(inner=group_id).values("outer")
    is_open = Q(valid_to=None) | Q(valid_to__gt=today())
    grants = Grant.objects.filter(is_open, role__in=roles, division__in=outer, valid_from__lte=today())
    reaching = Exists(grants.filter(account=OuterRef("pk")))
    return list(StaffAccount.objects.filter(reaching, is_active=True).order_by("full_name", "pk"))


def assignments_of(scope: Scope, group_id: int) -> list[Assignment]:
    """Who goes to the doors of a group now."""
    group_in(scope, Permission.OUTREACH_LIST_READ, group_id)
    found = Assignment.objects.filter(division=group_id, ended_at=None).select_related("account")
    return list(found.order_by("account__full_name", "pk"))


def _card_words() -> dict[str, Any]:
    live = [int(status) for status in LIVE]
    return {"active": int(CardStatus.ACTIVE), "issued": int(CardStatus.ISSUED), "live": live, "at": now()}


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, name), parameters)
        return list(cursor.fetchall())
