"""Tables of duplicates: pairs of records that may be of one person, what was merged, and the searches for pairs."""

from django.db import models


class Pair(models.Model):
    """Two records that may be of one person, the older first; `reasons` are codes with blanks between."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        MERGED = "merged"
        DIFFERENT = "different"

    first = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    second = models.ForeignKey("registry.Resident", models.CASCADE, related_name="+")
    score = models.SmallIntegerField()
    reasons = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    found_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "duplicate_pair"
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="duplicate_pair_once")]
        indexes = [models.Index(fields=["status", "-score", "id"], name="duplicate_pair_queue")]


class Changed(models.Model):
    """A record whose name, birth, numbers, home or place changed since it was last compared; noted by triggers.

    Once for each change, without a key to meet on: whoever corrects a record never waits for a search to end.
    """

    resident_id = models.IntegerField()

    class Meta:
        db_table = "duplicate_changed"


class Merge(models.Model):
    """A record was merged into another, until it was undone. Nothing of either is changed by it."""

    pair = models.ForeignKey(Pair, models.PROTECT, related_name="merges")
    survivor = models.ForeignKey("registry.Resident", models.PROTECT, related_name="+")
    merged = models.ForeignKey("registry.Resident", models.PROTECT, related_name="+")
    merged_at = models.DateTimeField()
    merged_by_id = models.IntegerField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "resident_merge"
        constraints = [
            models.UniqueConstraint(
                fields=["merged"], condition=models.Q(undone_at=None), name="resident_merge_once_at_a_time"
            )
        ]


class Search(models.Model):
    """One search for pairs: among how many records, for which of them, and what was left out to keep it bounded."""

    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    is_whole = models.BooleanField()
    newest_resident_id = models.IntegerField()
    people_count = models.IntegerField()
    fresh_count = models.IntegerField()
    pair_count = models.IntegerField()
    skipped_count = models.IntegerField()

    class Meta:
        db_table = "duplicate_search"
        ordering = ["-id"]
