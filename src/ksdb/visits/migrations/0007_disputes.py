"""Disputes of visits, and the view of the visits that count."""

from pathlib import Path

import django.db.models.deletion
from django.db import migrations, models

REASONS = ["not_me", "not_there", "wrong_time", "card_lent", "other"]


def choices(*values):
    return [(value, value) for value in values]


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0001_initial"),
        ("visits", "0006_enrolment"),
    ]
    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("point_id", models.IntegerField()),
                ("scanned_at", models.DateTimeField()),
                ("device_id", models.IntegerField()),
                ("sequence", models.BigIntegerField()),
                ("reason", models.CharField(choices=choices(*REASONS), max_length=20)),
                ("text_sealed", models.BinaryField(null=True)),
                ("raised_as", models.CharField(choices=choices("resident", "staff"), max_length=10)),
                ("raised_by_id", models.IntegerField(null=True)),
                ("raised_at", models.DateTimeField()),
                ("due_on", models.DateField()),
                (
                    "state",
                    models.CharField(choices=choices("open", "accepted", "declined"), default="open", max_length=10),
                ),
                ("note_sealed", models.BinaryField(null=True)),
                ("decided_by_id", models.IntegerField(null=True)),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "resident",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="registry.resident",
                    ),
                ),
            ],
            options={
                "db_table": "visit_dispute",
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "accepted")),
                        fields=["point_id", "scanned_at", "device_id", "sequence"],
                        name="visit_dispute_accepted",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["open", "accepted"])),
                        fields=("point_id", "scanned_at", "device_id", "sequence"),
                        name="visit_dispute_standing_once",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            Path(__file__).with_name("disputes.sql").read_text(encoding="utf-8"), "DROP VIEW counted_visit"
        ),
    ]
