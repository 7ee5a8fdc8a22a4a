"""Tables of the follow-up: who is followed for which cases, what was done, days with symptoms, links, drills."""

from django.db import models

from ksdb.access.sealed import SealedField
from ksdb.followup.states import NOTE, EventKind, Outcome, Reason, Status


def _choices(values: type[Status | Reason | EventKind | Outcome]) -> list[tuple[str, str]]:
    return [(one.value, one.value) for one in values]


class FollowedCase(models.Model):
    """A case whose contacts are followed, by which run of its traces, and for how many days after an exposure."""

    case = models.OneToOneField("tracing.CaseRecord", models.CASCADE, related_name="+")
    trace = models.ForeignKey("tracing.Trace", models.CASCADE, related_name="+")
    days = models.SmallIntegerField()
    started_at = models.DateTimeField()
    started_by_id = models.IntegerField(null=True)
    taken_at = models.DateTimeField()

    class Meta:
        db_table = "followed_case"


class FollowUp(models.Model):
    """What is done about one exposed person; a person has at most one that is open, for however many cases.

    `division` is who answers for it: where the person lives, or the commune it was given to. `ward` is the commune it
    is counted under. `until_on` is the last day, by the latest exposure that stands. `next_on` is the day on which
    something is due; before today it is overdue. `first_called_at` is the first attempt, `reached_at` the first talk.
    `is_contact` is false when no run that is followed names the person any more.
    """

    resident = models.ForeignKey("registry.Resident", models.PROTECT, related_name="+")
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    ward = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    officer = models.ForeignKey("access.StaffAccount", models.PROTECT, null=True, related_name="+")
    status = models.CharField(max_length=10, choices=_choices(Status), default=Status.TO_CALL)
    is_contact = models.BooleanField(default=True)
    is_positive = models.BooleanField(default=False)
    last_exposed_at = models.DateTimeField()
    until_on = models.DateField()
    next_on = models.DateField()
    opened_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    first_called_at = models.DateTimeField(null=True)
    reached_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=12, choices=_choices(Outcome), blank=True, default="")
    became_case = models.ForeignKey("tracing.CaseRecord", models.SET_NULL, null=True, related_name="+")
    joined_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="joined")

    class Meta:
        db_table = "follow_up"
        constraints = [
            models.UniqueConstraint(fields=["resident"], condition=models.Q(closed_at=None), name="follow_up_open_once")
        ]
        indexes = [
            models.Index(fields=["next_on", "division"], condition=models.Q(closed_at=None), name="follow_up_due")
        ]


class Source(models.Model):
    """Why somebody is followed: a contact of that case by that run. `gone_by` is a later run that no longer says so.

    Of the first generation, or of the second where somebody chose so.
    """

    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="sources")
    case = models.ForeignKey("tracing.CaseRecord", models.CASCADE, related_name="+")
    trace = models.ForeignKey("tracing.Trace", models.CASCADE, related_name="+")
    last_at = models.DateTimeField()
    seconds = models.IntegerField()
    days = models.SmallIntegerField()
    generation = models.SmallIntegerField(default=1, db_default=1)
    gone_by = models.ForeignKey("tracing.Trace", models.SET_NULL, null=True, related_name="+")

    class Meta:
        db_table = "follow_up_source"
        constraints = [models.UniqueConstraint(fields=["follow_up", "case"], name="follow_up_source_once")]


class Event(models.Model):
    """One line of a follow-up's history. Only appended. What was written freely is sealed."""

    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=14, choices=_choices(EventKind))
    status = models.CharField(max_length=10, choices=_choices(Status))
    reason = models.CharField(max_length=14, choices=_choices(Reason), blank=True, default="")
    trace_id = models.BigIntegerField(null=True)
    note_sealed = SealedField(NOTE, null=True)
    at = models.DateTimeField()
    by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "follow_up_event"
        ordering = ["-at", "-id"]


class DayEntry(models.Model):
    """What somebody told of a day, or that nobody answered. Only appended: of a day the latest counts.

    `symptoms` are words of the closed list with blanks between; `temperature` in tenths of a degree Celsius.
    """

    follow_up = models.ForeignKey(FollowUp, models.CASCADE, related_name="entries")
    on = models.DateField()
    is_answered = models.BooleanField()
    temperature = models.SmallIntegerField(null=True)
    symptoms = models.CharField(max_length=120, blank=True, default="")
    at = models.DateTimeField()
    by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "follow_up_day"
        ordering = ["-on", "-id"]
        indexes = [models.Index(fields=["follow_up", "-on", "-id"], name="follow_up_day_latest")]


class Drill(models.Model):
    """An exercise in the running system with invented people. Its times stay when everything else of it is removed.

    The numbers name what was planted; they are emptied with it.
    """

    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    contact_count = models.SmallIntegerField()
    case_id = models.BigIntegerField(null=True)
    point_id = models.IntegerField(null=True)
    resident_ids = models.JSONField(default=list)
    confirmed_at = models.DateTimeField()
    listed_at = models.DateTimeField(null=True)
    found_count = models.SmallIntegerField(null=True)
    first_call_at = models.DateTimeField(null=True)
    last_call_at = models.DateTimeField(null=True)
    called_count = models.SmallIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "drill"
        ordering = ["-id"]
