"""Runs of a trace that repeat one another, where the case stayed, and rule sets that the province writes."""

import django.db.models.deletion
from django.db import migrations, models

WHY = [("late", "Late"), ("dispute", "Dispute"), ("merge", "Merge"), ("case", "Case"), ("lost", "Lost")]
ONE_WATERMARK = "INSERT INTO trace_watermark (received_until) VALUES (clock_timestamp())"


def key():
    return ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def of_trace(name):
    return models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name=name, to="tracing.trace")


def count():
    return models.IntegerField(default=0, db_default=0)


class Migration(migrations.Migration):
    dependencies = [
        ("tracing", "0006_generations"),
        ("visits", "0007_disputes"),
    ]
    operations = [
        migrations.AddField("ruleset", "window_minutes", models.IntegerField(null=True)),
        migrations.AddField("ruleset", "name", models.CharField(db_default="", default="", max_length=80)),
        migrations.AddField("ruleset", "note", models.CharField(db_default="", default="", max_length=300)),
        migrations.AddField("ruleset", "made_at", models.DateTimeField(null=True)),
        migrations.AddField("ruleset", "made_by_id", models.IntegerField(null=True)),
        migrations.AddField("ruleset", "is_retired", models.BooleanField(db_default=False, default=False)),
        migrations.AddField(
            "trace",
            "before",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="tracing.trace"
            ),
        ),
        migrations.AddField("trace", "new_count", count()),
        migrations.AddField("trace", "gone_count", count()),
        migrations.AddField("trace", "changed_count", count()),
        migrations.AddField("trace", "lost_days", count()),
        migrations.AddField("trace", "is_automatic", models.BooleanField(db_default=False, default=False)),
        migrations.AddField(
            "trace",
            "why",
            models.CharField(
                blank=True,
                choices=WHY,
                db_default="",
                default="",
                max_length=10,
            ),
        ),
        migrations.AddField("trace", "stale_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "trace",
            "stale_why",
            models.CharField(blank=True, choices=WHY, db_default="", default="", max_length=10),
        ),
        migrations.AddField("trace", "checked_at", models.DateTimeField(null=True)),
        migrations.AddField("trace", "seen_at", models.DateTimeField(null=True)),
        migrations.AddField("trace", "seen_by_id", models.IntegerField(null=True)),
        migrations.CreateModel(
            name="TraceStay",
            fields=[
                key(),
                ("point_id", models.IntegerField()),
                ("arrived_at", models.DateTimeField()),
                ("departed_at", models.DateTimeField()),
                ("is_observed", models.BooleanField()),
                ("trace", of_trace("stays")),
            ],
            options={
                "db_table": "trace_stay",
                "indexes": [models.Index(fields=["point_id", "arrived_at"], name="trace_stay_at")],
            },
        ),
        migrations.CreateModel(
            name="TraceChange",
            fields=[
                key(),
                ("resident_id", models.IntegerField()),
                ("seconds_before", models.IntegerField(null=True)),
                ("seconds_after", models.IntegerField(null=True)),
                ("trace", of_trace("changes")),
            ],
            options={"db_table": "trace_change"},
        ),
        migrations.CreateModel(
            name="TraceWatermark",
            fields=[key(), ("received_until", models.DateTimeField())],
            options={"db_table": "trace_watermark"},
        ),
        migrations.RunSQL(ONE_WATERMARK, migrations.RunSQL.noop),
    ]
