"""The reporting schema: who has changed, one narrow row a resident, and the sums that the pages read.

All of it is derived and can be made anew (coverage.actions.rebuild). Triggers and views: migrations/reporting.sql.
"""

from django.db import models


class Change(models.Model):
    """Something about a resident was written that coverage may count; the next refresh takes it."""

    resident_id = models.IntegerField()

    class Meta:
        db_table = "coverage_change"


class Person(models.Model):
    """How a resident was counted last: numbers and days, no name. `forms` has a bit for each form of an active card.

    The spans are half open; `due_at` is when a card runs out, which no writer tells.
    """

    resident_id = models.IntegerField(primary_key=True)
    division_id = models.IntegerField()
    band = models.SmallIntegerField()
    sex = models.CharField(max_length=6)
    reason = models.CharField(max_length=20)
    is_issued = models.BooleanField()
    forms = models.SmallIntegerField()
    counted_from = models.DateField(null=True)
    counted_until = models.DateField(null=True)
    issued_from = models.DateField(null=True)
    issued_until = models.DateField(null=True)
    active_from = models.DateField(null=True)
    active_until = models.DateField(null=True)
    due_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "coverage_person"
        indexes = [models.Index(fields=["due_at"], name="coverage_person_due")]


class Tally(models.Model):
    """Residents of a division by age band, sex and reason to be out of the count ("" for those in it).

    A group's residents stand in its own rows and in those of its commune.
    """

    pk = models.CompositePrimaryKey("division_id", "band", "sex", "reason")
    division_id = models.IntegerField()
    band = models.SmallIntegerField()
    sex = models.CharField(max_length=6)
    reason = models.CharField(max_length=20)
    people = models.IntegerField()
    issued = models.IntegerField()
    active = models.IntegerField()
    electronic = models.IntegerField()
    paper = models.IntegerField()
    plastic = models.IntegerField()

    class Meta:
        db_table = "coverage_tally"


class Day(models.Model):
    """By how much a day changed the three counts of a division, as far as today's rows tell."""

    pk = models.CompositePrimaryKey("division_id", "on")
    division_id = models.IntegerField()
    on = models.DateField()
    counted = models.IntegerField()
    issued = models.IntegerField()
    active = models.IntegerField()

    class Meta:
        db_table = "coverage_day"


class Run(models.Model):
    """A recount, or the last refresh: as of when, how long, how many residents, and how many had drifted."""

    class Kind(models.TextChoices):
        REFRESH = "refresh"
        REBUILD = "rebuild"

    kind = models.CharField(max_length=8, choices=Kind)
    as_of = models.DateTimeField(db_index=True)
    took_ms = models.IntegerField()
    people = models.IntegerField()
    drifted = models.IntegerField(default=0)

    class Meta:
        db_table = "coverage_run"
