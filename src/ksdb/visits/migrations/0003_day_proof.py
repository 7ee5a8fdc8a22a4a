"""Runs day_proof.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("visits", "0002_visit_log")]
    operations = [migrations.RunSQL(Path(__file__).with_name("day_proof.sql").read_text(encoding="utf-8"))]
