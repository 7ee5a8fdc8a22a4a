"""Runs visit_exits.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tracing", "0001_initial"),
        ("visits", "0002_visit_log"),
    ]
    operations = [
        migrations.RunSQL(
            Path(__file__).with_name("visit_exits.sql").read_text(encoding="utf-8"), "DROP INDEX visit_exits"
        )
    ]
