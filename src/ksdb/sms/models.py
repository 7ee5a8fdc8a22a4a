"""Tables of short messages that go out, sealed, for a day; and of how many codes were asked for, hour by hour."""

from django.db import models


class Text(models.Model):
    """One message to one number. `sent_at` is when the carrier took it."""

    phone_sealed = models.BinaryField()
    body_sealed = models.BinaryField()
    made_at = models.DateTimeField(db_index=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "sms_text"


class Tally(models.Model):
    """How often something happened with codes in one hour: sent, refused and by which limit, typed right or wrong."""

    class Kind(models.TextChoices):
        SENT = "sent"
        BY_NUMBER = "by_number"
        BY_ADDRESS = "by_address"
        OF_ALL = "of_all"
        BY_SESSION = "by_session"
        RIGHT = "right"
        WRONG = "wrong"
        GUESSING = "guessing"

    hour = models.DateTimeField()
    kind = models.CharField(max_length=12, choices=Kind)
    count = models.IntegerField()

    class Meta:
        db_table = "sms_tally"
        constraints = [models.UniqueConstraint(fields=["hour", "kind"], name="sms_tally_once")]
