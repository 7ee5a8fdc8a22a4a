"""The table of the audit trail."""

from django.db import models


class Entry(models.Model):
    """Somebody did something, to a subject, for a purpose. Numbers only: names of residents never stand here."""

    at = models.DateTimeField(db_index=True)
    actor_id = models.IntegerField(null=True)
    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=30, blank=True)
    subject_id = models.BigIntegerField(null=True)
    purpose = models.CharField(max_length=40, blank=True)
    address = models.GenericIPAddressField(null=True)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_entry"
        indexes = [models.Index(fields=["subject", "subject_id", "at"], name="audit_entry_by_subject")]
