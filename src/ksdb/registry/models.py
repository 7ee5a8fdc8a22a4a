"""Tables of the registry: the one place where names and numbers of people live."""

from django.db import models

from ksdb.access.sealed import SealedField
from ksdb.registry.sealing import ID_NUMBER, PHONE


class Household(models.Model):
    """People of one address and book, in a residential group.

    Without a number the address tells households apart: `address_key` is how it is compared, "" beside a number.
    """

    id = models.AutoField(primary_key=True)
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    book_number = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=200, blank=True)
    address_key = models.CharField(max_length=300, blank=True, default="", db_default="")
    position = models.IntegerField(default=0)

    class Meta:
        db_table = "household"
        constraints = [
            models.UniqueConstraint(fields=["division", "book_number", "address_key"], name="household_once")
        ]


class Import(models.Model):
    """One file brought in: what came of it, and where its rejected rows lie to be corrected.

    Each row of the file is counted once as imported, known or rejected; `warned_count` is of the first two.
    `missing_columns` and `found_headings` (a line each) say what is wrong with a heading. Paths are below var/imports.
    `plan` says how the file is to be read, `preview` what came of checking it before anything is written. Every row up
    to `resume_row` is done with: a run that was broken off goes on behind it.
    """

    class Status(models.TextChoices):
        DRAFT = "draft"
        CHECKING = "checking"
        CHECKED = "checked"
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    file_path = models.CharField(max_length=300)
    file_sha256 = models.CharField(max_length=64)
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED)
    failure = models.CharField(max_length=40, blank=True)
    missing_columns = models.CharField(max_length=200, blank=True)
    found_headings = models.TextField(blank=True)
    plan = models.JSONField(null=True)
    preview = models.JSONField(null=True)
    resume_row = models.IntegerField(default=0)
    row_count = models.IntegerField(default=0)
    imported_count = models.IntegerField(default=0)
    known_count = models.IntegerField(default=0)
    rejected_count = models.IntegerField(default=0)
    warned_count = models.IntegerField(default=0)
    rejected_path = models.CharField(max_length=300, blank=True)
    created_by_id = models.IntegerField(null=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "registry_import"
        ordering = ["-id"]

    @property
    def done_count(self) -> int:
        return self.imported_count + self.known_count + self.rejected_count


class ImportShape(models.Model):
    """Which column is which in files of one shape (the hash of their headings), as somebody of the unit once said."""

    division = models.ForeignKey("places.Division", models.CASCADE, related_name="+")
    headings_sha256 = models.CharField(max_length=64)
    columns = models.JSONField()
    changed_by_id = models.IntegerField(null=True)
    changed_at = models.DateTimeField()

    class Meta:
        db_table = "registry_import_shape"
        constraints = [models.UniqueConstraint(fields=["division", "headings_sha256"], name="import_shape_once")]


class ImportProblem(models.Model):
    """What is wrong, or odd, with a row of a file (0: the whole file). Says row and column, never the value."""

    source = models.ForeignKey(Import, models.CASCADE, related_name="problems")
    row_number = models.IntegerField()
    column = models.CharField(max_length=20, blank=True)
    code = models.CharField(max_length=40)
    is_rejection = models.BooleanField()
    other_row = models.IntegerField(null=True)

    class Meta:
        db_table = "registry_import_problem"
        ordering = ["row_number", "id"]


class Claim(models.Model):
    """A list gave the resident an ID number that another record has: it is kept here until an officer has decided.

    Written beside the number's own record, never into it; gone once the desk writes a number of the resident's own.
    """

    resident = models.ForeignKey("registry.Resident", models.CASCADE, related_name="claims", db_index=False)
    number_sealed = SealedField(ID_NUMBER)
    number_key = models.BinaryField()
    source = models.ForeignKey(Import, models.PROTECT, related_name="+")
    source_row = models.IntegerField()
    claimed_at = models.DateTimeField()

    class Meta:
        db_table = "claimed_number"
        constraints = [models.UniqueConstraint(fields=["resident", "number_key"], name="claimed_number_once")]


class Resident(models.Model):
    """A registered person, or one of several records of a person: then `merged_into` is the record that counts.

    ID number and phone are sealed; their match keys are keyed hashes, the `_end`s of the last four digits alone (kept
    by `fill_ends`; a trigger forgets them when the number changes). `search_key` and `sort_key` derive from the name.
    `old_id_number_key` is of the nine digits a person had before: a chip card's code says both numbers.
    `id_document` says what the number is of: "" for the ID number of a citizen. `source_row` is the row of the import.
    `guardian` answers for a child, or for whoever has no papers.
    """

    class Document(models.TextChoices):
        CITIZEN = ""
        PASSPORT = "passport"

    class Sex(models.TextChoices):
        FEMALE = "female"
        MALE = "male"

    id = models.AutoField(primary_key=True)
    household = models.ForeignKey(Household, models.PROTECT, null=True, related_name="residents")
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    full_name = models.CharField(max_length=120)
    search_key = models.CharField(max_length=120, db_collation="C")
    sort_key = models.CharField(max_length=260, db_collation="C")
    sex = models.CharField(max_length=6, choices=Sex, blank=True)
    birth_year = models.SmallIntegerField()
    born_on = models.DateField(null=True)
    relation = models.CharField(max_length=40, blank=True)
    id_document = models.CharField(max_length=10, choices=Document, blank=True, default="", db_default="")
    nationality = models.CharField(max_length=3, blank=True, default="", db_default="")
    guardian = models.ForeignKey("self", models.SET_NULL, null=True, related_name="wards", db_index=False)
    id_number_sealed = SealedField(ID_NUMBER, null=True)
    id_number_key = models.BinaryField(null=True)
    phone_sealed = SealedField(PHONE, null=True)
    phone_key = models.BinaryField(null=True)
    id_number_end = models.BigIntegerField(null=True)
    phone_end = models.BigIntegerField(null=True)
    old_id_number_key = models.BinaryField(null=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, related_name="merged", db_index=False)
    source = models.ForeignKey(Import, models.PROTECT, null=True, related_name="+")
    source_row = models.IntegerField(null=True)
    registered_at = models.DateTimeField()

    class Meta:
        db_table = "resident"
        indexes = [
            models.Index(fields=["division", "sort_key"], name="resident_in_order"),
            models.Index(fields=["phone_key"], name="resident_by_phone"),
            models.Index(fields=["sort_key", "id"], name="resident_by_name"),
            models.Index(fields=["phone_end"], name="resident_by_phone_end", condition=~models.Q(phone_end=None)),
            models.Index(fields=["id_number_end"], name="resident_by_id_end", condition=~models.Q(id_number_end=None)),
            models.Index(
                fields=["old_id_number_key"], name="resident_by_old_id", condition=~models.Q(old_id_number_key=None)
            ),
            models.Index(fields=["merged_into"], name="resident_merged", condition=~models.Q(merged_into=None)),
            models.Index(fields=["guardian"], name="resident_by_guardian", condition=models.Q(guardian__isnull=False)),
        ]
        constraints = [models.UniqueConstraint(fields=["id_number_key"], name="resident_id_number_once")]
