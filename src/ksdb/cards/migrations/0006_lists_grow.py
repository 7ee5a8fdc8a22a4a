"""Runs lists.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("cards", "0005_keys_and_lists"),
    ]
    operations = [migrations.RunSQL(Path(__file__).with_name("lists.sql").read_text(encoding="utf-8"))]
