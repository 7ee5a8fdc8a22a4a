"""The tables of the audit trail: what was written, what waits to be chained, and the chain."""

from django.db import models


class Entry(models.Model):
    """Somebody did something, to a subject, for a purpose. Numbers only: names of residents never stand here.

    `actor_name` is the sign-in name as it was that day; empty for the system's own work. `at` is what the clock said:
    the order of the trail is that of its chain.
    """

    at = models.DateTimeField(db_index=True)
    actor_id = models.IntegerField(null=True)
    actor_name = models.CharField(max_length=60, blank=True, default="")
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=30, blank=True)
    subject_id = models.BigIntegerField(null=True)
    purpose = models.CharField(max_length=40, blank=True)
    case_id = models.BigIntegerField(null=True)
    address = models.GenericIPAddressField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_entry"
        indexes = [
            models.Index(fields=["subject", "subject_id", "at"], name="audit_entry_by_subject"),
            models.Index(fields=["actor_id", "id"], name="audit_entry_by_actor"),
            models.Index(
                fields=["action", "id"], opclasses=["varchar_pattern_ops", "int8_ops"], name="audit_entry_by_action"
            ),
            models.Index(fields=["purpose", "id"], condition=~models.Q(purpose=""), name="audit_entry_by_purpose"),
            models.Index(
                fields=["case_id", "id"], condition=models.Q(case_id__isnull=False), name="audit_entry_by_case"
            ),
        ]


class Link(models.Model):
    """One entry's place in the chain; `audit.chain` says what `hash` is taken of.

    No foreign key: an entry that is removed by force must leave its link behind, which says that it was there.
    """

    position = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    previous_hash = models.BinaryField()
    hash = models.BinaryField()

    class Meta:
        db_table = "audit_link"


class Unsealed(models.Model):
    """An entry that has no link yet. Filled by a trigger of `audit_entry`, so that no writer can forget it."""

    entry_id = models.BigIntegerField(primary_key=True)

    class Meta:
        db_table = "audit_unsealed"
