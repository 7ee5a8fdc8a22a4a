"""Tables of short messages: what goes out, sealed, for a day; what it cost by day; codes asked for, hour by hour."""

from django.db import models

from ksdb.access.sealed import SealedField
from ksdb.sms.proof import BODY, PHONE


class Text(models.Model):
    """One message to one number, tried again until `expires_at`. `sent_at` is when the carrier took it."""

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        DELIVERED = "delivered"
        FAILED = "failed"

    phone_sealed = SealedField(PHONE)
    body_sealed = SealedField(BODY)
    made_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, db_default="sent")
    carrier = models.CharField(max_length=10, default="", db_default="")
    segments = models.SmallIntegerField(default=1, db_default=1)
    attempts = models.SmallIntegerField(default=0, db_default=0)
    failure = models.CharField(max_length=40, default="", db_default="")

    class Meta:
        db_table = "sms_text"
        indexes = [models.Index(fields=["next_at"], name="sms_text_due", condition=models.Q(state="waiting"))]


class Part(models.Model):
    """A part of a message that a carrier took, by the number it gave; receipts come for parts."""

    text = models.ForeignKey(Text, models.CASCADE, related_name="parts")
    reference = models.CharField(max_length=80, db_index=True)
    is_delivered = models.BooleanField(null=True)

    class Meta:
        db_table = "sms_part"


class DayCount(models.Model):
    """What went out by a carrier on a day, and what it cost; counted by the job that carries."""

    on = models.DateField()
    carrier = models.CharField(max_length=10)
    texts = models.IntegerField(default=0)
    segments = models.IntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    delivered = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)

    class Meta:
        db_table = "sms_day"
        constraints = [models.UniqueConstraint(fields=["on", "carrier"], name="sms_day_once")]


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
