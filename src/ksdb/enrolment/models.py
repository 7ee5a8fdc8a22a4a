"""The table of places whose owners want to scan."""

from django.db import models

from ksdb.access.sealed import SealedField
from ksdb.places.models import Division, ScanPoint, ScanPointType

PLACE_PHONE = "enrolment_phone"


class Place(models.Model):
    """A place as its owner registered it, and what the ward decided. The owner's phone is sealed."""

    class State(models.TextChoices):
        UNPROVEN = "unproven"
        WAITING = "waiting"
        APPROVED = "approved"
        REFUSED = "refused"

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=160)
    type = models.ForeignKey(ScanPointType, models.PROTECT, related_name="+")
    division = models.ForeignKey(Division, models.PROTECT, related_name="+")
    address = models.CharField(max_length=200)
    contact_name = models.CharField(max_length=120)
    phone_sealed = SealedField(PLACE_PHONE)
    phone_key = models.BinaryField(max_length=16, db_index=True)
    opens_at = models.TimeField()
    closes_at = models.TimeField()
    capacity = models.IntegerField(null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    is_sensitive = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State, default=State.UNPROVEN)
    applied_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("access.StaffAccount", models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=300, blank=True)
    point = models.ForeignKey(ScanPoint, models.PROTECT, null=True, related_name="+")
    account = models.ForeignKey("access.StaffAccount", models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "enrolment_place"
        indexes = [models.Index(fields=["state", "division"], name="enrolment_place_waiting")]

    def __str__(self) -> str:
        return self.name
