"""Tables of the work at the doors: why somebody has no active card."""

from django.db import models

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
