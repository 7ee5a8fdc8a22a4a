"""Scans of devices whose clocks were wrong, moved to their true times."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("visits", "0009_guesses")]
    operations = [
        migrations.CreateModel(
            name="Retiming",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("offset_seconds", models.IntegerField()),
                ("visit_count", models.IntegerField()),
                ("accepted_count", models.IntegerField()),
                ("why", models.CharField(max_length=300)),
                ("made_at", models.DateTimeField()),
                ("made_by_id", models.IntegerField(null=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="retimings", to="visits.device"
                    ),
                ),
            ],
            options={"db_table": "visit_retiming"},
        ),
        migrations.RunSQL(
            Path(__file__).with_name("retiming.sql").read_text(encoding="utf-8"),
            "DROP FUNCTION retime_scans(integer, integer, timestamptz, timestamptz, interval)",
        ),
    ]
