"""Tables of cards: keys and lists, cards, the ledger of signatures, print batches, and what the nightly check found."""

from django.db import models

from ksdb.core.decision import CardStatus
from ksdb.core.token import Form


class IssuerKey(models.Model):
    """The public half of a signing key; the private half is a file that one user can read.

    `announced_in` is the serial of the newest trust list that names it. From `closed_at` on it signs no more, and what
    it signed stays good; from `retired_at` on nothing it signed is believed. The ledger counts `signature_count` up.
    """

    kid = models.SmallIntegerField(primary_key=True)
    public_key = models.BinaryField()
    usage = models.CharField(max_length=10)
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    announced_in = models.BigIntegerField(null=True)
    closed_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    signature_count = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "issuer_key"


class TrustList(models.Model):
    """A trust list as the root signed it. Serials only grow: the database refuses any other."""

    serial = models.BigIntegerField(primary_key=True)
    signed = models.BinaryField()
    imported_at = models.DateTimeField()

    class Meta:
        db_table = "trust_list"


class StatusList(models.Model):
    """A published status list: how it differs from the one before, its head, and, of the newest, the whole token."""

    serial = models.BigIntegerField(primary_key=True)
    made_at = models.DateTimeField()
    kid = models.SmallIntegerField()
    changes = models.BinaryField()
    head = models.BinaryField()
    token = models.BinaryField(null=True)

    class Meta:
        db_table = "status_list"


class Card(models.Model):
    """One card of one resident. `index` is what its token says; `number` is what is printed for typing.

    `changed_in` (a transaction id, kept by a trigger) lets the gateway ask for what changed since it last looked.
    """

    index = models.IntegerField(primary_key=True)
    number = models.CharField(max_length=12, unique=True)
    resident = models.ForeignKey("registry.Resident", models.PROTECT, related_name="cards")
    form = models.SmallIntegerField(choices=[(form.value, form.name.lower()) for form in Form])
    status = models.SmallIntegerField(choices=[(status.value, status.name.lower()) for status in CardStatus])
    status_since = models.DateTimeField()
    reason = models.CharField(max_length=40, blank=True)
    issued_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField()
    replaces = models.ForeignKey("self", models.PROTECT, null=True, db_index=False, related_name="replaced_by")

    class Meta:
        db_table = "card"
        constraints = [
            models.UniqueConstraint(
                fields=["replaces"], condition=models.Q(replaces__isnull=False), name="card_replaced_once"
            )
        ]


class Signature(models.Model):
    """The ledger: one row for every token that was ever signed, written in the same transaction."""

    card_index = models.IntegerField(db_index=True)
    kid = models.SmallIntegerField()
    token_sha256 = models.BinaryField()
    signed_at = models.DateTimeField()
    actor_id = models.IntegerField(null=True)

    class Meta:
        db_table = "card_signature"
        indexes = [models.Index(fields=["kid"], name="card_signature_by_key")]


class Binding(models.Model):
    """The ledger of the electronic cards' short-lived tokens: one row for each, with the phone's key it is bound to.

    The newest row of a card says which phone shows it.
    """

    card = models.ForeignKey(Card, models.PROTECT, related_name="bindings", db_index=False)
    device_point = models.BinaryField(max_length=33)
    kid = models.SmallIntegerField()
    token_sha256 = models.BinaryField(max_length=32)
    bound_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "card_binding"
        indexes = [models.Index(fields=["card", "-id"], name="card_binding_newest")]


class PrintBatch(models.Model):
    """A print job: cards of a division on one layout. `done_count` of `card_count` are drawn, in files (PrintPart).

    `unit_cost` (đồng a card) is the price at the order; `payer` is the division whose budget bears it. `fault` is the
    code of the error that stopped the drawing. `is_chosen`: somebody named its cards, printed before or not.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        PRINTED = "printed"
        CANCELLED = "cancelled"

    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    form = models.SmallIntegerField()
    layout = models.CharField(max_length=20, default="a4-2x4")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    fault = models.CharField(max_length=40, blank=True, default="")
    card_count = models.IntegerField(default=0)
    done_count = models.IntegerField(default=0)
    payer = models.ForeignKey("places.Division", models.PROTECT, null=True, related_name="+")
    unit_cost = models.IntegerField(default=0)
    reprint_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="reprints")
    is_chosen = models.BooleanField(default=False)
    created_by_id = models.IntegerField(null=True)
    created_at = models.DateTimeField()
    printed_by_id = models.IntegerField(null=True)
    printed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "print_batch"
        ordering = ["-id"]


class PrintPart(models.Model):
    """A file of a print job: cards at positions in `[first_position, end_position)`; drawn whole or not at all.

    `file_sha256` is of the file as it was drawn; none for one drawn before there was this column.
    """

    batch = models.ForeignKey(PrintBatch, models.CASCADE, related_name="parts")
    number = models.IntegerField()
    first_position = models.IntegerField()
    end_position = models.IntegerField()
    card_count = models.IntegerField(default=0)
    file_name = models.CharField(max_length=80, blank=True, default="")
    file_sha256 = models.BinaryField(max_length=32, null=True)
    drawn_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "print_part"
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="print_part_once")]


class CardPrint(models.Model):
    """A card is in a print batch, at a position. `sheet` is its sheet in the file; none: not drawn, or left out."""

    batch = models.ForeignKey(PrintBatch, models.CASCADE, related_name="prints")
    card = models.ForeignKey(Card, models.PROTECT, related_name="prints")
    position = models.IntegerField()
    sheet = models.IntegerField(null=True)
    misprinted_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "card_print"
        constraints = [models.UniqueConstraint(fields=["batch", "position"], name="card_print_place_once")]


class LedgerCheck(models.Model):
    """One run of the nightly check of cards, ledger and prints: what it looked at, and how much was wrong."""

    checked_at = models.DateTimeField()
    card_count = models.IntegerField()
    signature_count = models.IntegerField()
    resigned_count = models.IntegerField()
    finding_count = models.IntegerField()

    class Meta:
        db_table = "ledger_check"
        ordering = ["-id"]


class LedgerFinding(models.Model):
    """Something that does not fit: its kind, how many, and the first card or key it was seen at."""

    check_run = models.ForeignKey(LedgerCheck, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=30)
    count = models.IntegerField()
    card_index = models.IntegerField(null=True)
    kid = models.SmallIntegerField(null=True)

    class Meta:
        db_table = "ledger_finding"
        ordering = ["id"]
