"""Runs scan_marks.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("visits", "0003_day_proof")]
    operations = [migrations.RunSQL(Path(__file__).with_name("scan_marks.sql").read_text(encoding="utf-8"))]
