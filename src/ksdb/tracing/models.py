"""Tables of tracing: disease profiles, rule sets, cases, traces and what they found."""

from django.db import models


class DiseaseProfile(models.Model):
    """How long a case is infectious, as a source says it, and how many days after its closing a case is kept."""

    code = models.CharField(max_length=30)
    version = models.IntegerField()
    name = models.CharField(max_length=80)
    days_before_onset = models.IntegerField()
    days_after_onset = models.IntegerField()
    keep_days = models.IntegerField(default=60)
    source = models.CharField(max_length=200)

    class Meta:
        db_table = "disease_profile"
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="disease_profile_version")]


class RuleSet(models.Model):
    """Which overlap counts as an exposure. A row never changes: an edit is a new version.

    With `window_minutes` it goes by scans alone: both scanned at one point less than so many minutes apart, however
    long they stayed. `by_type` has other minutes for some types of scan points, `{"market": 5}`: the least together, or
    the window where it goes by scans. A version that is retired is offered no more; traces that used it stand.
    """

    code = models.CharField(max_length=30)
    version = models.IntegerField()
    least_minutes = models.IntegerField()
    linger_minutes = models.IntegerField(default=0)
    latent_days = models.IntegerField(default=0, db_default=0)
    window_minutes = models.IntegerField(null=True)
    by_type = models.JSONField(default=dict, db_default={})
    name = models.CharField(max_length=80, default="", db_default="")
    note = models.CharField(max_length=300, default="", db_default="")
    made_at = models.DateTimeField(null=True)
    made_by_id = models.IntegerField(null=True)
    is_retired = models.BooleanField(default=False, db_default=False)

    class Meta:
        db_table = "rule_set"
        constraints = [models.UniqueConstraint(fields=["code", "version"], name="rule_set_version")]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class CaseRecord(models.Model):
    """A resident with a confirmed or probable infection: where a trace starts. While it is open, it is held.

    The infectious period is the profile's, or what was set by hand, with why. `version` counts corrections, so
    that two who correct at once do not overwrite one another.
    """

    class Result(models.TextChoices):
        POSITIVE = "positive"
        NEGATIVE = "negative"
        UNCLEAR = "unclear"

    resident = models.ForeignKey("registry.Resident", models.PROTECT, related_name="+")
    profile = models.ForeignKey(DiseaseProfile, models.PROTECT)
    onset_on = models.DateField(null=True)
    sampled_on = models.DateField()
    isolated_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField()
    opened_by_id = models.IntegerField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by_id = models.IntegerField(null=True)
    result = models.CharField(max_length=10, blank=True, default="", db_default="", choices=Result.choices)
    result_on = models.DateField(null=True)
    adjusted_from = models.DateTimeField(null=True)
    adjusted_until = models.DateTimeField(null=True)
    adjusted_why = models.CharField(max_length=300, blank=True, default="", db_default="")
    version = models.IntegerField(default=1, db_default=1)

    class Meta:
        db_table = "case_record"
        ordering = ["-id"]


class CaseChange(models.Model):
    """One field of a case as it was before a correction, and after. Days and instants as ISO text; empty for none."""

    case = models.ForeignKey(CaseRecord, models.CASCADE, related_name="corrections")
    at = models.DateTimeField()
    by_id = models.IntegerField(null=True)
    field = models.CharField(max_length=20)
    before = models.CharField(max_length=40, blank=True)
    after = models.CharField(max_length=40, blank=True)
    why = models.CharField(max_length=300)

    class Meta:
        db_table = "case_change"
        ordering = ["-id"]


class CaseLink(models.Model):
    """Two cases that belong together, and how; the first was infected by the second where that is what is said."""

    class Kind(models.TextChoices):
        INFECTED_BY = "infected_by"
        HOUSEHOLD = "household"
        WORK = "work"
        OTHER = "other"

    first = models.ForeignKey(CaseRecord, models.CASCADE, related_name="+")
    second = models.ForeignKey(CaseRecord, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    linked_at = models.DateTimeField()
    linked_by_id = models.IntegerField(null=True)

    class Meta:
        db_table = "case_link"
        constraints = [models.UniqueConstraint(fields=["first", "second"], name="case_link_once")]


class ReportedCase(models.Model):
    """A case of which it is not known who it is: reported by a hospital, or brought in with a line list.

    It cannot be traced. When the person is found, a case is opened with its days. `infector` is the label of whoever
    infected this one, by the list; several stand with `;` between.
    Unless it became a case it goes as a closed case would.
    """

    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    label = models.CharField(max_length=40)
    profile = models.ForeignKey(DiseaseProfile, models.PROTECT, related_name="+")
    onset_on = models.DateField(null=True)
    sampled_on = models.DateField()
    isolated_on = models.DateField(null=True)
    age = models.SmallIntegerField(null=True)
    sex = models.CharField(max_length=10, blank=True)
    place = models.CharField(max_length=160, blank=True)
    infector = models.CharField(max_length=200, blank=True)
    reported_at = models.DateTimeField()
    reported_by_id = models.IntegerField(null=True)
    case = models.ForeignKey(CaseRecord, models.SET_NULL, null=True, related_name="reports")

    class Meta:
        db_table = "reported_case"
        constraints = [models.UniqueConstraint(fields=["division", "label"], name="reported_case_label")]


class Trace(models.Model):
    """A stored answer: rules and data cut. `cut` is the database snapshot whose visits it saw.

    `engine` is "index" or "sql"; the files of the index told of all visits of transactions before `index_horizon`,
    others were read beside them. Of `second_count` people of the second generation only the longest exposed are kept.
    Of `resident_count` people registered in the communes where the case was, `covered_count` held an active card.
    `lost_days` days of the period were deleted before it ran. `before` is the run that this one repeats, and the counts
    say how many contacts are new, gone or with other minutes since. Stale is a run that late scans, a dispute, a merge
    or a corrected day have touched, or to which days can be added; it is repeated by a job, and each who follows the
    case notes for himself that he has seen it (`TraceSeen`). `asked_until` is where the question ended: what was
    scanned later is not in it.
    """

    class Stale(models.TextChoices):
        LATE = "late"
        DISPUTE = "dispute"
        MERGE = "merge"
        CASE = "case"
        LOST = "lost"
        DAYS = "days"
        CLOCK = "clock"

    case = models.ForeignKey(CaseRecord, models.CASCADE, related_name="traces")
    rule_set = models.ForeignKey(RuleSet, models.PROTECT)
    infectious_from = models.DateTimeField()
    infectious_until = models.DateTimeField()
    cut = models.CharField(max_length=200)
    ran_at = models.DateTimeField()
    asked_until = models.DateTimeField(null=True)
    ran_by_id = models.IntegerField(null=True)
    duration_ms = models.IntegerField()
    stay_count = models.IntegerField()
    contact_count = models.IntegerField()
    unverified_count = models.IntegerField(default=0)
    resident_count = models.IntegerField(default=0)
    covered_count = models.IntegerField(default=0)
    engine = models.CharField(max_length=10, default="sql")
    index_horizon = models.BigIntegerField(null=True)
    generations = models.SmallIntegerField(default=1)
    first_count = models.IntegerField(default=0, db_default=0)
    second_count = models.IntegerField(default=0, db_default=0)
    before = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    new_count = models.IntegerField(default=0, db_default=0)
    gone_count = models.IntegerField(default=0, db_default=0)
    changed_count = models.IntegerField(default=0, db_default=0)
    is_automatic = models.BooleanField(default=False, db_default=False)
    why = models.CharField(max_length=10, blank=True, default="", db_default="", choices=Stale.choices)
    stale_at = models.DateTimeField(null=True)
    stale_why = models.CharField(max_length=10, blank=True, default="", db_default="", choices=Stale.choices)
    checked_at = models.DateTimeField(null=True)
    lost_days = models.IntegerField(default=0, db_default=0)

    class Meta:
        db_table = "trace"
        ordering = ["-id"]


class TraceSeen(models.Model):
    """That an account has seen what a repeated run changed. Others still have it before them."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="seen")
    account_id = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        db_table = "trace_seen"
        constraints = [models.UniqueConstraint(fields=["trace", "account_id"], name="trace_seen_once")]


class Contact(models.Model):
    """An exposed resident of a trace; of the second generation with whom of the first he met first."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="contacts")
    resident_id = models.IntegerField()
    through_id = models.IntegerField(null=True)
    generation = models.SmallIntegerField()
    seconds = models.IntegerField()
    co_presence_count = models.IntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    is_observed = models.BooleanField()

    class Meta:
        db_table = "contact"
        constraints = [models.UniqueConstraint(fields=["trace", "resident_id"], name="contact_once")]


class CoPresence(models.Model):
    """The evidence of a contact: one overlap at one point, `[started_at, ended_at)`."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="co_presences")
    point_id = models.IntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    is_observed = models.BooleanField()

    class Meta:
        db_table = "co_presence"
        ordering = ["started_at"]


class TraceStay(models.Model):
    """Where the case stayed, as a trace saw it, cut to the infectious period."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="stays")
    point_id = models.IntegerField()
    arrived_at = models.DateTimeField()
    departed_at = models.DateTimeField()
    is_observed = models.BooleanField()

    class Meta:
        db_table = "trace_stay"
        indexes = [models.Index(fields=["point_id", "arrived_at"], name="trace_stay_at")]


class TraceChange(models.Model):
    """A contact that a run found otherwise than the run before it; None where there was none, or is none."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="changes")
    resident_id = models.IntegerField()
    seconds_before = models.IntegerField(null=True)
    seconds_after = models.IntegerField(null=True)

    class Meta:
        db_table = "trace_change"


class WardList(models.Model):
    """The contacts of a trace who live in a commune, handed over to its officers."""

    trace = models.ForeignKey(Trace, models.CASCADE, related_name="ward_lists")
    division = models.ForeignKey("places.Division", models.PROTECT, related_name="+")
    handed_at = models.DateTimeField()
    handed_by_id = models.IntegerField(null=True)
    contact_count = models.IntegerField()

    class Meta:
        db_table = "ward_list"
        constraints = [models.UniqueConstraint(fields=["trace", "division"], name="ward_list_once")]


class TraceWatermark(models.Model):
    """Up to which arrival the visits were looked at for traces that they touch: one row."""

    received_until = models.DateTimeField()

    class Meta:
        db_table = "trace_watermark"
