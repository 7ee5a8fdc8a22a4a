"""Runs contact_of_resident.sql, which stands beside this file: chains ask in which runs a case is a contact."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("followup", "0001_initial")]
    operations = [
        migrations.RunSQL(
            Path(__file__).with_name("contact_of_resident.sql").read_text(encoding="utf-8"),
            "DROP INDEX contact_of_resident",
        )
    ]
