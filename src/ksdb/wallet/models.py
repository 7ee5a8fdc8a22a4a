"""Tables of the residents' own side: holders of phones, their phones, whose cards they keep, and what they ask for."""

from datetime import datetime, timedelta

from django.db import models

from ksdb.access.sealed import SealedField
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.wallet.asking import (
    CLAIMED_ID,
    REQUEST_NOTE,
    REQUEST_TEXT,
    WALLET_PHONE,
    About,
    Allowed,
    Came,
    Proven,
    RequestState,
    Wanted,
)


class Holder(models.Model):
    """Whoever proved to hold a phone number. The number is sealed; `phone_key` is its keyed hash."""

    id = models.AutoField(primary_key=True)
    phone_sealed = SealedField(WALLET_PHONE)
    phone_key = models.BinaryField(max_length=16, unique=True)
    language = models.CharField(max_length=2, default="vi")
    created_at = models.DateTimeField()

    class Meta:
        db_table = "wallet_holder"


class Holding(models.Model):
    """A holder keeps the card of a resident: the own one, or that of somebody of the household, until it ends.

    `guardian` is the resident who answers for a child or a ward. `evidence` is how it was made sure: the registry
    matched, or an officer of the ward confirmed.
    """

    class Relation(models.TextChoices):
        SELF = "self"
        CHILD = "child"
        PARENT = "parent"
        WARD = "ward"
        OTHER = "other"

    class Evidence(models.TextChoices):
        MATCHED = "matched"
        CONFIRMED = "confirmed"

    id = models.AutoField(primary_key=True)
    holder = models.ForeignKey(Holder, models.CASCADE, related_name="holdings")
    resident = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    relation = models.CharField(max_length=6, choices=Relation)
    guardian = models.ForeignKey("registry.Resident", models.SET_NULL, null=True, related_name="+")
    evidence = models.CharField(max_length=9, choices=Evidence)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)

    class Meta:
        db_table = "wallet_holding"
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "resident"], condition=models.Q(until=None), name="wallet_holding_once"
            )
        ]


class Phone(models.Model):
    """A browser in which a holder signed in. Of its cookie only the hash is kept.

    `chosen` is the member of the household whose pages it shows. `device_point` is the public key that the browser
    made and does not give out: cards are bound to it.
    """

    id = models.AutoField(primary_key=True)
    holder = models.ForeignKey(Holder, models.CASCADE, related_name="phones")
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    chosen = models.ForeignKey(Holding, models.SET_NULL, null=True, related_name="+")
    device_point = models.BinaryField(max_length=33, null=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "wallet_phone"

    @classmethod
    def standing(cls) -> models.QuerySet["Phone"]:
        """Those whose session lasts."""
        seen_after, began_after = cls.bounds()
        return cls.objects.filter(ended_at=None, seen_at__gt=seen_after, began_at__gt=began_after)

    @classmethod
    def bounds(cls) -> tuple[datetime, datetime]:
        """A session lasts that was seen after the first of them, and began after the second."""
        ours, at = settings(), now()
        return at - timedelta(days=ours.holder_idle_days), at - timedelta(days=ours.holder_days)


class Declaration(models.Model):
    """What somebody said about his health on a day: codes of a form's version, and a place in words.

    `holder` is whose phone it was said on.
    """

    resident = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    holder = models.ForeignKey(Holder, models.SET_NULL, null=True, related_name="+")
    on = models.DateField()
    form_version = models.SmallIntegerField()
    symptoms = models.JSONField(default=list)
    met_ill = models.BooleanField()
    travelled = models.BooleanField()
    travelled_to = models.CharField(max_length=120, blank=True)
    declared_at = models.DateTimeField()

    class Meta:
        db_table = "wallet_declaration"
        constraints = [models.UniqueConstraint(fields=["resident", "on"], name="wallet_declaration_once")]


class DataRequest(models.Model):
    """A resident says that something held about him is wrong; the ward answers by `due_on`. What was said is sealed."""

    resident = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    holder = models.ForeignKey(Holder, models.SET_NULL, null=True, related_name="+")
    about = models.CharField(max_length=20, choices=[(one.value, one.value) for one in About])
    text_sealed = SealedField(REQUEST_TEXT)
    made_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=[(one.value, one.value) for one in RequestState], default="open")
    note_sealed = SealedField(REQUEST_NOTE, null=True)
    decided_by_id = models.IntegerField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "wallet_request"
        indexes = [models.Index(fields=["state", "due_on"], name="wallet_request_open")]


class DeskRequest(models.Model):
    """Somebody without a phone asked at the ward for what is held about him: who came, how that was made sure, why.

    Codes alone, and the account that printed; deleted a year after.
    """

    resident = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    came = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Came])
    proven = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Proven])
    wanted = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Wanted])
    made_at = models.DateTimeField()
    made_by_id = models.IntegerField()

    class Meta:
        db_table = "wallet_desk_request"


class Consent(models.Model):
    """A holder allowed something for a resident, and perhaps took it back. Nothing is ever overwritten."""

    holder = models.ForeignKey(Holder, models.CASCADE, related_name="consents")
    resident = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    what = models.CharField(max_length=20, choices=[(one.value, one.value) for one in Allowed])
    version = models.SmallIntegerField(default=1)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "wallet_consent"
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "resident", "what"],
                condition=models.Q(withdrawn_at=None),
                name="wallet_consent_standing_once",
            )
        ]


class Claim(models.Model):
    """What a holder typed to keep somebody's card. Sure ones are matched at once; of the others the ward decides.

    `evidence` names what fits the record `resident`, in words of `claiming.Evidence`. What was typed is forgotten a
    month after the decision.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        MATCHED = "matched"
        CONFIRMED = "confirmed"
        REFUSED = "refused"
        WITHDRAWN = "withdrawn"

    id = models.AutoField(primary_key=True)
    holder = models.ForeignKey(Holder, models.CASCADE, related_name="claims")
    full_name = models.CharField(max_length=120)
    birth_year = models.SmallIntegerField()
    born_on = models.DateField(null=True)
    id_number_sealed = SealedField(CLAIMED_ID, null=True)
    relation = models.CharField(max_length=6, choices=Holding.Relation)
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    address = models.CharField(max_length=200, blank=True, default="")
    resident = models.ForeignKey("registry.Resident", models.SET_NULL, null=True, related_name="+")
    evidence = models.CharField(max_length=60, blank=True, default="")
    state = models.CharField(max_length=9, choices=State)
    made_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.IntegerField(null=True)
    reason = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "wallet_claim"
        indexes = [models.Index(fields=["state", "division"], name="wallet_claim_waiting")]
