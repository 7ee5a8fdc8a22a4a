"""Tables of visits: devices, the codes that let them in, owners of points, and read-only views of the two logs."""

from django.db import models

from ksdb.visits.disputing import Raiser, Reason, State


class Device(models.Model):
    """An enrolled scanner. Its token is kept as a SHA-256 only: the token itself has 256 bits of its own.

    A token that was asked for in its place stands beside it until it is first used.
    """

    id = models.AutoField(primary_key=True)
    point = models.ForeignKey("places.ScanPoint", models.PROTECT, related_name="devices")
    name = models.CharField(max_length=80)
    token_sha256 = models.BinaryField(unique=True)
    next_token_sha256 = models.BinaryField(unique=True, null=True)
    enrolled_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "device"


class EnrolCode(models.Model):
    """Lets one device in at a point, once, for a day. Kept as a SHA-256; redeemed by the gateway."""

    point = models.ForeignKey("places.ScanPoint", models.PROTECT, related_name="enrol_codes")
    code_sha256 = models.BinaryField(unique=True)
    made_by = models.ForeignKey("access.StaffAccount", models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    device = models.ForeignKey(Device, models.PROTECT, null=True, related_name="+")

    class Meta:
        db_table = "enrol_code"


class PointOwner(models.Model):
    """Whose point it is: the account manages its devices and sees its figures, and nothing else of the division."""

    account = models.ForeignKey("access.StaffAccount", models.PROTECT, related_name="+")
    point = models.ForeignKey("places.ScanPoint", models.PROTECT, related_name="owners")
    since = models.DateTimeField()

    class Meta:
        db_table = "point_owner"
        constraints = [models.UniqueConstraint(fields=["account", "point"], name="point_owner_once")]


class Visit(models.Model):
    """An accepted scan: who, where, when. Partitioned by day; written by the gateway alone."""

    pk = models.CompositePrimaryKey("point_id", "scanned_at", "device_id", "sequence")
    point_id = models.IntegerField()
    scanned_at = models.DateTimeField()
    device_id = models.IntegerField()
    sequence = models.BigIntegerField()
    card_index = models.IntegerField()
    resident_id = models.IntegerField(null=True)
    result = models.SmallIntegerField()
    is_exit = models.BooleanField()
    received_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "visit"


class Refusal(models.Model):
    """A refused scan, with its reason and without its content. Partitioned by the day it arrived."""

    pk = models.CompositePrimaryKey("point_id", "received_at", "device_id", "sequence")
    point_id = models.IntegerField()
    received_at = models.DateTimeField()
    device_id = models.IntegerField()
    sequence = models.BigIntegerField()
    scanned_at = models.DateTimeField(null=True)
    reason = models.SmallIntegerField()
    card_index = models.IntegerField(null=True)

    class Meta:
        managed = False
        db_table = "refusal"


class Dispute(models.Model):
    """Somebody says that a visit was not his. One that is open or accepted stands alone; the visit is never changed.

    What was said is sealed, or was not said. The resident is whose visit it is by the log; the rows of a day go with
    the day. No constraint ties it to other tables, so that a log spread over servers can be joined with it.
    """

    point_id = models.IntegerField()
    scanned_at = models.DateTimeField()
    device_id = models.IntegerField()
    sequence = models.BigIntegerField()
    resident = models.ForeignKey("registry.Resident", models.DO_NOTHING, db_constraint=False, related_name="+")
    reason = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Reason])
    text_sealed = models.BinaryField(null=True)
    raised_as = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Raiser])
    raised_by_id = models.IntegerField(null=True)
    raised_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=[(one.value, one.value) for one in State], default=State.OPEN)
    note_sealed = models.BinaryField(null=True)
    decided_by_id = models.IntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "visit_dispute"
        constraints = [
            models.UniqueConstraint(
                fields=["point_id", "scanned_at", "device_id", "sequence"],
                condition=models.Q(state__in=["open", "accepted"]),
                name="visit_dispute_standing_once",
            )
        ]
        indexes = [
            models.Index(
                fields=["point_id", "scanned_at", "device_id", "sequence"],
                condition=models.Q(state="accepted"),
                name="visit_dispute_accepted",
            )
        ]


class Retiming(models.Model):
    """Scans of a device that were moved in time, because its clock had been wrong. The presence index reads these too.

    `[since, until)` are the times as they stood in the log; each visit keeps its own beside the true one.
    """

    device = models.ForeignKey(Device, models.PROTECT, related_name="retimings")
    since = models.DateTimeField()
    until = models.DateTimeField()
    offset_seconds = models.IntegerField()
    visit_count = models.IntegerField()
    accepted_count = models.IntegerField()
    why = models.CharField(max_length=300)
    made_at = models.DateTimeField()
    made_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "visit_retiming"

    @property
    def offset_minutes(self) -> int:
        return round(self.offset_seconds / 60)

    @property
    def scan_count(self) -> int:
        return self.visit_count + self.accepted_count
