"""Runs kept_days.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("visits", "0004_scan_marks"),
        ("approvals", "0001_initial"),
    ]
    operations = [migrations.RunSQL(Path(__file__).with_name("kept_days.sql").read_text(encoding="utf-8"))]
