"""Runs that a device's clock has touched; several labels of who may have infected a case; who has seen what changed."""

import django.db.models.deletion
from django.db import migrations, models

WHY = [(one, one.capitalize()) for one in ("late", "dispute", "merge", "case", "lost", "clock")]


class Migration(migrations.Migration):
    dependencies = [("tracing", "0009_cases"), ("visits", "0011_retiming")]
    operations = [
        migrations.AlterField(
            model_name="trace",
            name=name,
            field=models.CharField(blank=True, choices=WHY, db_default="", default="", max_length=10),
        )
        for name in ("stale_why", "why")
    ] + [
        migrations.AlterField(
            model_name="reportedcase", name="infector", field=models.CharField(blank=True, max_length=200)
        ),
        migrations.CreateModel(
            name="TraceSeen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("account_id", models.IntegerField()),
                ("at", models.DateTimeField()),
                (
                    "trace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="seen", to="tracing.trace"
                    ),
                ),
            ],
            options={"db_table": "trace_seen"},
        ),
        migrations.AddConstraint(
            model_name="traceseen",
            constraint=models.UniqueConstraint(fields=("trace", "account_id"), name="trace_seen_once"),
        ),
        migrations.RunSQL(
            "SET CONSTRAINTS ALL IMMEDIATE;"
            " INSERT INTO trace_seen (trace_id, account_id, at)"
            " SELECT id, seen_by_id, seen_at FROM trace WHERE seen_at IS NOT NULL AND seen_by_id IS NOT NULL;"
            " SET CONSTRAINTS ALL DEFERRED",
            migrations.RunSQL.noop,
        ),
        migrations.RemoveField(model_name="trace", name="seen_at"),
        migrations.RemoveField(model_name="trace", name="seen_by_id"),
    ]
