"""The table of short messages that go out, sealed; a row lives for a day."""

from django.db import models


class Text(models.Model):
    """One message to one number. `sent_at` is when the carrier took it."""

    phone_sealed = models.BinaryField()
    body_sealed = models.BinaryField()
    made_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sms_text"
