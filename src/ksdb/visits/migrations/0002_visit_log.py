"""Runs visit_log.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0001_initial"),
        ("cards", "0002_card_changes"),
    ]
    operations = [migrations.RunSQL(Path(__file__).with_name("visit_log.sql").read_text(encoding="utf-8"))]
