"""Runs merged.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("coverage", "0002_reporting"), ("registry", "0004_search")]
    operations = [migrations.RunSQL(Path(__file__).with_name("merged.sql").read_text(encoding="utf-8"))]
