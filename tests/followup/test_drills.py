"""A drill touches nobody real, is counted in minutes, and leaves nothing but its times."""

from collections import Counter
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of
from typer.testing import CliRunner

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cli import app
from ksdb.core.clock import now, today
from ksdb.core.scope import Scope, system_scope
from ksdb.followup.actions import follow
from ksdb.followup.actions.calls import Call, became_case, note_call
from ksdb.followup.actions.drills import end_drill, start_drill
from ksdb.followup.faults import DrillInUse, DrillRuns, NoDrill
from ksdb.followup.models import Drill, FollowUp
from ksdb.followup.queries.drills import running_drill
from ksdb.followup.states import Reason, Status
from ksdb.outreach.models import MissingReason
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, run_trace
from ksdb.tracing.models import CaseRecord

SYSTEM = system_scope()
KEPT = {"drill", "audit_entry", "audit_link", "audit_unsealed", "coverage_change"}
"""The times, the trail, and the queue of whom coverage counts anew."""


def rows() -> Counter[str]:
    counts = Counter(
        {model._meta.db_table: model.objects.count() for model in apps.get_models() if model._meta.managed}
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM visit")
        counts["visit"] = cursor.fetchone()[0]
    return Counter({name: count for name, count in counts.items() if name not in KEPT})


def test_from_confirmation_to_the_last_call_and_nothing_stays(
    profiles: Scope, commune_a: Division, commune_b: Division, hanh: StaffAccount, client: Client
) -> None:
    real = resident_of(commune_a, "Người Thật")
    client.force_login(hanh)
    before = rows()
    drill = start_drill(SYSTEM, [commune_a.pk, commune_b.pk], 6)
    with pytest.raises(DrillRuns):
        start_drill(SYSTEM, [commune_a.pk], 6)
    people = Resident.objects.filter(pk__in=drill.resident_ids)
    assert len(people) == 7
    assert not [one for one in people if one.phone_sealed or one.household_id]
    assert all(str(drill.pk) in one.full_name for one in people)
    CaseRecord.objects.update(opened_at=now() - timedelta(minutes=30))
    Drill.objects.update(confirmed_at=now() - timedelta(minutes=30))
    traced = run_trace(SYSTEM, drill.case_id or 0, "overlap-15")
    assert not traced.contacts.filter(resident_id=real.pk).exists()
    follow(SYSTEM, traced.pk, 14)
    waiting = list(FollowUp.objects.order_by("pk"))
    note_call(SYSTEM, waiting[0].pk, Call(Status.AT_HOME, Reason.SPOKE))
    line = running_drill(SYSTEM)
    assert line is not None
    assert (line.to_list, line.to_first_call, line.to_last_call, line.times.found) == (30, 30, None, 6)
    for one in waiting[1:]:
        note_call(SYSTEM, one.pk, Call(Status.AT_HOME, Reason.SPOKE))
    became_case(SYSTEM, waiting[1].pk, CaseFacts("covid-19", None, today()))
    marked = client.get(reverse("tracing:case", args=[drill.case_id])).content.decode()
    assert "Diễn tập" in marked or "Drill" in marked
    ended = end_drill(SYSTEM)
    assert (ended.to_last_call, ended.times.called) == (30, 6)
    assert rows() == before
    kept = Drill.objects.get()
    assert (kept.case_id, kept.point_id, kept.resident_ids, kept.found_count) == (None, None, [], 6)
    page = client.get(reverse("followup:drills"))
    assert [one.to_last_call for one in page.context["drills"]] == [30]
    assert Entry.objects.filter(action__startswith="followup:drill:").count() == 2
    with pytest.raises(NoDrill):
        end_drill(SYSTEM)


def test_what_others_made_of_invented_people_is_said_and_nothing_is_lost(profiles: Scope, commune_a: Division) -> None:
    drill = start_drill(SYSTEM, [commune_a.pk], 2)
    MissingReason.objects.create(resident_id=drill.resident_ids[1], reason="refuses", said_on=today(), noted_at=now())
    with pytest.raises(DrillInUse):
        end_drill(SYSTEM)
    assert Resident.objects.filter(pk__in=drill.resident_ids).count() == 3
    assert Drill.objects.get().ended_at is None


def test_the_commands_begin_show_and_end_a_drill(
    profiles: Scope, commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "ksdb.site.settings")  # the commands set theirs

    def said(*arguments: str) -> str:
        return " ".join(CliRunner().invoke(app, ["drill", *arguments]).output.split())

    on = ["--on", str(commune_a.valid_from)]
    assert "No drill is running." in said("status")
    assert "no commune of" in said("start", "Xã Không Có", *on)
    assert not Drill.objects.exists()
    started = said("start", commune_a.name, "--contacts", "3", *on)
    drill = Drill.objects.get()
    assert started.startswith(f"Drill {drill.pk}: case {drill.case_id} is confirmed, and met 3 invented people")
    assert "to the list not yet" in said("status")
    traced = run_trace(SYSTEM, drill.case_id or 0, "overlap-15")
    follow(SYSTEM, traced.pk, 14)
    assert "3 of 3 found, 0 called" in said("status")
    assert "Removed: the invented people" in said("end")
    assert not Resident.objects.filter(pk__in=drill.resident_ids).exists()
    assert Drill.objects.get().ended_at is not None
