"""Runs foreign_matching.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("visits", "0007_disputes"), ("registry", "0006_scan_keys")]
    operations = [migrations.RunSQL(Path(__file__).with_name("foreign_matching.sql").read_text(encoding="utf-8"))]
