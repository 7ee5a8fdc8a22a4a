"""Drills: an invented case with invented contacts in the running system, and the removal of all that came of it.

Nobody real is touched: the people are made for the drill, say so in their names, have no phone, no card and no
household, and were scanned at a place of their own alone. So no list of a real case ever names them, and no message
can reach anybody.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext

from ksdb.audit.actions import record
from ksdb.core.clock import day_bounds, now, today
from ksdb.core.decision import ScanResult
from ksdb.core.errors import NotAllowed
from ksdb.core.names import search_key, sort_key
from ksdb.core.scope import Scope
from ksdb.followup.faults import DrillInUse, DrillRuns, NoDrill, WardUnknown
from ksdb.followup.models import Drill, FollowUp
from ksdb.followup.queries import ROOM
from ksdb.followup.queries.drills import DrillLine, times_of
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint, ScanPointType
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident
from ksdb.tracing.actions import open_case
from ksdb.tracing.models import CaseRecord, Contact, CoPresence, Trace
from ksdb.tracing.period import CaseFacts

DAYS_AGO = 1
ARRIVES, LEAVES = timedelta(hours=8), timedelta(hours=9)
PROFILE = "covid-19"
BORN = 1950


@transaction.atomic
def start_drill(scope: Scope, commune_ids: Sequence[int], contacts: int) -> Drill:
    """Plants a case who met so many invented people yesterday, living in these communes in turn, and confirms it.

    From this moment the minutes count. Raises DrillRuns, WardUnknown; only the system may, for it writes visits.
    """
    if not scope.is_system:
        raise NotAllowed
    if Drill.objects.filter(ended_at=None).exists():
        raise DrillRuns
    communes = list(Division.objects.filter(pk__in=commune_ids, kind=Division.Kind.COMMUNE).order_by("pk"))
    if not communes:
        raise WardUnknown
    drill = Drill.objects.create(division=communes[0], contact_count=contacts, confirmed_at=now())
    people = _people(drill, communes)
    point = _point(scope, drill, communes[0])
    _scan(point, people)
    opened = open_case(scope, people[0].pk, CaseFacts(PROFILE, today() - timedelta(days=DAYS_AGO), today()))
    drill.case_id, drill.point_id, drill.resident_ids = opened.pk, point.pk, [one.pk for one in people]
    drill.confirmed_at = opened.opened_at
    drill.save()
    record(scope, "followup:drill:start", ("case", opened.pk), detail={"drill": drill.pk, "contacts": contacts})
    return drill


def _people(drill: Drill, communes: Sequence[Division]) -> list[Resident]:
    """The case first, then the contacts."""
    names = [gettext("DRILL %(number)s, invented case") % {"number": drill.pk}]
    names += [
        gettext("DRILL %(number)s, person %(rank)s") % {"number": drill.pk, "rank": f"{rank:03d}"}
        for rank in range(1, drill.contact_count + 1)
    ]
    at = now()
    return Resident.objects.bulk_create(
        Resident(
            division=communes[rank % len(communes)],
            full_name=name,
            search_key=search_key(name),
            sort_key=sort_key(name),
            birth_year=BORN + rank % 60,
            registered_at=at,
        )
        for rank, name in enumerate(names)
    )


def _point(scope: Scope, drill: Drill, commune: Division) -> ScanPoint:
    """A place that is nowhere; as a sensitive one it stands on no public list and no map."""
    kind = ScanPointType.objects.get(pk="other")
    point = ScanPoint(
        name=gettext("DRILL %(number)s, invented place") % {"number": drill.pk},
        type=kind,
        division=commune,
        opens_at=kind.opens_at,
        closes_at=kind.closes_at,
        usual_stay_minutes=kind.usual_stay_minutes,
        is_sensitive=True,
    )
    return make_points(scope, [point])[0]


def _scan(point: ScanPoint, people: Sequence[Resident]) -> None:
    """The case is there for an hour, the others come in the first half of it and leave in the second."""
    on = today() - timedelta(days=DAYS_AGO)
    midnight = day_bounds(on)[0]
    scans: list[tuple[datetime, int, bool]] = []
    for rank, person in enumerate(people):
        late = timedelta(seconds=0 if rank == 0 else 60 + rank * 5 % 1500)
        scans += [(midnight + ARRIVES + late, person.pk, False), (midnight + LEAVES - late / 2, person.pk, True)]
    at, residents, exits = (list(column) for column in zip(*scans, strict=True))
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "drill_partitions"), {"first_on": on, "last_on": today()})
        given: dict[str, int | list[Any]] = {"point": point.pk, "at": at, "residents": residents, "exits": exits}
        cursor.execute(sql(ROOM, "plant_visits"), given | {"accepted": int(ScanResult.ACCEPTED)})


@transaction.atomic
def end_drill(scope: Scope) -> DrillLine:
    """Keeps the times and removes everything else of the drill that runs. Raises NoDrill, DrillInUse."""
    if not scope.is_system:
        raise NotAllowed
    drill = Drill.objects.select_for_update().select_related("division").filter(ended_at=None).first()
    if drill is None:
        raise NoDrill
    times = times_of(scope, drill)
    drill.listed_at, drill.found_count = times.listed_at, times.found
    drill.first_call_at, drill.last_call_at = times.first_call_at, times.last_call_at
    drill.called_count = times.called
    _remove(drill)
    drill.ended_at, drill.case_id, drill.point_id, drill.resident_ids = now(), None, None, []
    drill.save()
    record(scope, "followup:drill:end", detail={"drill": drill.pk, "called": times.called})
    return DrillLine(drill, times)


def _remove(drill: Drill) -> None:
    people = list(drill.resident_ids)
    cases = list(CaseRecord.objects.filter(resident__in=people).values_list("pk", flat=True))
    FollowUp.objects.filter(resident__in=people).delete()
    CoPresence.objects.filter(contact__trace__case__in=cases).delete()
    Contact.objects.filter(trace__case__in=cases).delete()
    Trace.objects.filter(case__in=cases).delete()
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "pull_visits"), {"point": drill.point_id})
    try:
        CaseRecord.objects.filter(pk__in=cases).delete()
        ScanPoint.objects.filter(pk__in=[drill.point_id or 0]).delete()
        Resident.objects.filter(pk__in=people).delete()
    except ProtectedError as error:
        raise DrillInUse(", ".join(sorted({type(each).__name__ for each in error.protected_objects}))) from error
