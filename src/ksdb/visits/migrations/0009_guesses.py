"""Runs guesses.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("visits", "0008_foreign_matching")]
    operations = [migrations.RunSQL(Path(__file__).with_name("guesses.sql").read_text(encoding="utf-8"))]
