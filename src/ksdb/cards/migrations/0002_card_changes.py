"""Runs card_changes.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0001_initial"),
    ]
    operations = [migrations.RunSQL(Path(__file__).with_name("card_changes.sql").read_text(encoding="utf-8"))]
