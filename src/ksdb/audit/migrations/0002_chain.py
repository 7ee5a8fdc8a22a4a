"""The chain: names of actors, the case, links, what waits for one, and the triggers of chain.sql."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        migrations.AddField("entry", "actor_name", models.CharField(blank=True, default="", max_length=60)),
        migrations.AddField("entry", "case_id", models.BigIntegerField(null=True)),
        migrations.AddIndex("entry", models.Index(fields=["actor_id", "id"], name="audit_entry_by_actor")),
        migrations.CreateModel(
            name="Link",
            fields=[
                ("position", models.BigIntegerField(primary_key=True, serialize=False)),
                ("entry_id", models.BigIntegerField(unique=True)),
                ("previous_hash", models.BinaryField()),
                ("hash", models.BinaryField()),
            ],
            options={"db_table": "audit_link"},
        ),
        migrations.CreateModel(
            name="Unsealed",
            fields=[("entry_id", models.BigIntegerField(primary_key=True, serialize=False))],
            options={"db_table": "audit_unsealed"},
        ),
        migrations.RunSQL(Path(__file__).with_name("chain.sql").read_text(encoding="utf-8")),
    ]
