"""Tables of the work at the doors: why somebody has no active card, who goes where, and what was noted there."""

from django.db import models

from ksdb.outreach.notes import NoteKind, Outcome
from ksdb.outreach.reasons import Reason


class MissingReason(models.Model):
    """Why a resident has no active card, as said on a day, noted by whom. A person has at most one that stands.

    Nothing is overwritten: another reason withdraws the one before.
    """

    resident = models.ForeignKey("registry.Resident", models.PROTECT, related_name="missing_reasons")
    reason = models.CharField(max_length=20, choices=[(reason.value, reason.value) for reason in Reason])
    said_on = models.DateField()
    noted_at = models.DateTimeField()
    noted_by_id = models.IntegerField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "missing_reason"
        constraints = [
            models.UniqueConstraint(
                fields=["resident"], condition=models.Q(withdrawn_at=None), name="missing_reason_standing_once"
            )
        ]


class Assignment(models.Model):
    """A helper goes to the doors of a residential group, until somebody ends it."""

    account = models.ForeignKey("access.StaffAccount", models.PROTECT, related_name="+")
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    assigned_at = models.DateTimeField()
    assigned_by_id = models.IntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "door_assignment"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "division"], condition=models.Q(ended_at=None), name="door_assignment_open_once"
            )
        ]


class WalkingOrder(models.Model):
    """The households of a group stand in the order somebody gave them; without a row, in that of their addresses."""

    division = models.OneToOneField("places.Division", models.CASCADE, primary_key=True, related_name="+")
    arranged_at = models.DateTimeField()
    arranged_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "walking_order"


class DoorNote(models.Model):
    """What a helper noted at a door, and what became of it. `key` is made where it was noted: sent twice, it is one.

    `done_at` is the helper's clock. A conflict waits until somebody decides it.
    """

    key = models.UUIDField(unique=True)
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    household = models.ForeignKey("registry.Household", models.PROTECT, null=True, related_name="+")
    resident = models.ForeignKey("registry.Resident", models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=[(kind.value, kind.value) for kind in NoteKind])
    reason = models.CharField(max_length=20, blank=True)
    on = models.DateField()
    done_at = models.DateTimeField()
    received_at = models.DateTimeField()
    actor = models.ForeignKey("access.StaffAccount", models.PROTECT, null=True, related_name="+")
    outcome = models.CharField(max_length=10, choices=[(outcome.value, outcome.value) for outcome in Outcome])
    code = models.CharField(max_length=40, blank=True)
    settled_at = models.DateTimeField(null=True)
    settled_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "door_note"
        indexes = [models.Index(fields=["division", "on"], name="door_note_of_day")]
