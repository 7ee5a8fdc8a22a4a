"""Tables of notices: what somebody is told, by which ways it went, and the browsers that take pushes."""

from django.db import models

from ksdb.notices.kinds import Channel, Kind, State, Way


class Notice(models.Model):
    """One thing that one resident is told. `facts` are codes and days, no words and nobody's name.

    `key` says what it is about: of one kind nobody is told the same twice. It waits, then it went some way, or there
    was none; read it can be on the resident's page in any case.
    """

    kind = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Kind])
    resident = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    key = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    priority = models.SmallIntegerField()
    state = models.CharField(max_length=11, choices=[(one.value, one.value) for one in State], default=State.WAITING)
    made_at = models.DateTimeField(db_index=True)
    made_by_id = models.IntegerField(null=True)
    told_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "notice"
        constraints = [models.UniqueConstraint(fields=["resident", "kind", "key"], name="notice_once")]
        indexes = [
            models.Index(fields=["priority", "id"], name="notice_waiting", condition=models.Q(state="waiting")),
            models.Index(fields=["kind", "key"], name="notice_by_key"),
        ]


class Subscription(models.Model):
    """A browser that takes pushes; `owner` is its number in the room above, and nothing here says whose it is."""

    owner = models.IntegerField(db_index=True)
    endpoint = models.TextField()
    endpoint_key = models.BinaryField(unique=True)
    public_point = models.BinaryField()
    shared_secret = models.BinaryField()
    language = models.CharField(max_length=2, default="vi")
    made_at = models.DateTimeField()

    class Meta:
        db_table = "push_subscription"


class Delivery(models.Model):
    """A notice went one way: as a message (`text_id`, for a day a row of the outbox) or to a browser."""

    notice = models.ForeignKey(Notice, models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=4, choices=[(one.value, one.value) for one in Channel])
    state = models.CharField(max_length=9, choices=[(one.value, one.value) for one in Way], default=Way.WAITING)
    text_id = models.BigIntegerField(null=True)
    subscription = models.ForeignKey(Subscription, models.SET_NULL, null=True, related_name="+")
    attempts = models.SmallIntegerField(default=0)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField()
    failure = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "notice_delivery"
        indexes = [
            models.Index(fields=["made_at"], name="delivery_recent"),
            models.Index(fields=["state"], name="delivery_open", condition=models.Q(state__in=["waiting", "sent"])),
        ]
