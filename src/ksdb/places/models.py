"""Tables of places: divisions with dates, their links across eras, populations, and scan points."""

from django.db import models


class Division(models.Model):
    """A node of the administrative tree in one era: province, district, commune, residential group.

    The key over time is (code, valid_from): a GSO code alone is reused by another unit in another era.
    """

    class Kind(models.TextChoices):
        PROVINCE = "province"
        DISTRICT = "district"
        COMMUNE = "commune"
        GROUP = "group"

    id = models.AutoField(primary_key=True)
    code = models.CharField(max_length=20)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=10, choices=Kind)
    parent = models.ForeignKey("self", models.PROTECT, null=True, related_name="children")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True)
    position = models.IntegerField(default=0)

    class Meta:
        db_table = "division"
        ordering = ["position", "code"]
        constraints = [models.UniqueConstraint(fields=["code", "valid_from"], name="division_key_over_time")]

    def __str__(self) -> str:
        return self.name


class DivisionLink(models.Model):
    """An old commune went, by `share` of its people, into a new one."""

    old = models.ForeignKey(Division, models.CASCADE, related_name="links_on")
    new = models.ForeignKey(Division, models.CASCADE, related_name="links_back")
    share = models.FloatField()
    basis = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "division_link"
        constraints = [models.UniqueConstraint(fields=["old", "new"], name="division_link_once")]


class DivisionContainment(models.Model):
    """`inner` lies wholly in `outer`, whatever era each is of. Derived from atoms (places.eras)."""

    pk = models.CompositePrimaryKey("outer_id", "inner_id")
    outer = models.ForeignKey(Division, models.CASCADE, related_name="+")
    inner = models.ForeignKey(Division, models.CASCADE, related_name="+")

    class Meta:
        db_table = "division_containment"


class PopulationFigure(models.Model):
    """How many people a division had, at a date, said by a source. The denominator is disputed: always name it."""

    division = models.ForeignKey(Division, models.CASCADE, related_name="population_figures")
    as_of = models.CharField(max_length=10)
    people = models.IntegerField()
    households = models.IntegerField(null=True)
    source = models.CharField(max_length=200)

    class Meta:
        db_table = "population_figure"
        constraints = [models.UniqueConstraint(fields=["division", "as_of", "source"], name="population_figure_once")]


class ScanPointType(models.Model):
    """A kind of place, with what is usual there."""

    code = models.CharField(primary_key=True, max_length=20)
    name_vi = models.CharField(max_length=60)
    name_en = models.CharField(max_length=60)
    opens_at = models.TimeField()
    closes_at = models.TimeField()
    usual_stay_minutes = models.IntegerField()

    class Meta:
        db_table = "scan_point_type"


class ScanPoint(models.Model):
    """Where one scans."""

    id = models.AutoField(primary_key=True)
    name = models.CharField(max_length=160)
    type = models.ForeignKey(ScanPointType, models.PROTECT)
    division = models.ForeignKey(Division, models.PROTECT)
    address = models.CharField(max_length=200, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    opens_at = models.TimeField()
    closes_at = models.TimeField()
    usual_stay_minutes = models.IntegerField()
    is_sensitive = models.BooleanField(default=False)
    capacity = models.IntegerField(null=True)
    lanes = models.SmallIntegerField(db_default=1, default=1)
    is_exit_scanned = models.BooleanField(db_default=False, default=False)
    registered_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    search_name = models.CharField(max_length=160, db_default="", default="")

    class Meta:
        db_table = "scan_point"
