"""The table of acts that need two persons."""

from datetime import datetime
from enum import StrEnum

from django.db import models

from ksdb.approvals.kinds import Kind
from ksdb.core.clock import now


class Decision(StrEnum):
    """How the waiting of an act ended."""

    APPROVED = "approved"
    EXPIRED = "expired"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Act(models.Model):
    """Something that one person asks for and another one, of another unit, decides.

    `payload` and `result` hold numbers only. `outcome` is `done`, or the code of the error that kept a job from it.
    """

    class Status(models.TextChoices):
        WAITING = "waiting"
        APPROVED = "approved"
        DONE = "done"
        FAILED = "failed"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"
        EXPIRED = "expired"

    kind = models.CharField(max_length=30, choices=[(kind.value, kind.value) for kind in Kind])
    payload = models.JSONField()
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    requested_by = models.ForeignKey("access.StaffAccount", models.PROTECT, related_name="+")
    requester_unit = models.CharField(max_length=120)
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    decided_by = models.ForeignKey("access.StaffAccount", models.PROTECT, null=True, related_name="+")
    decider_unit = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)
    decision = models.CharField(max_length=10, blank=True, choices=[(one.value, one.value) for one in Decision])
    refusal = models.CharField(max_length=300, blank=True)
    carried_out_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True)
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "two_person_act"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["expires_at"], name="act_waiting", condition=models.Q(decision="")),
            models.Index(fields=["requested_by", "-id"], name="act_of_asker"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(decided_by=None)
                | ~models.Q(decided_by=models.F("requested_by"))
                | models.Q(decision=Decision.WITHDRAWN.value),
                name="act_decided_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(carried_out_at=None) | models.Q(decision=Decision.APPROVED.value),
                name="act_carried_out_if_approved",
            ),
        ]

    @property
    def status(self) -> "Act.Status":
        if not self.decision:
            return self.Status.EXPIRED if self.is_over(now()) else self.Status.WAITING
        if self.decision == Decision.APPROVED:
            return self._carried_out
        return self.Status(self.decision)

    @property
    def _carried_out(self) -> "Act.Status":
        if not self.outcome:
            return self.Status.APPROVED
        return self.Status.DONE if self.outcome == "done" else self.Status.FAILED

    def is_over(self, at: datetime) -> bool:
        return self.expires_at <= at
