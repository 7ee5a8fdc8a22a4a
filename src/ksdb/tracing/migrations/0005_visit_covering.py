"""Runs visit_covering.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations

BACK = """
DROP INDEX visit_of_resident;
CREATE INDEX visit_of_resident ON visit (resident_id, scanned_at) INCLUDE (point_id, is_exit);
ALTER TABLE visit DROP CONSTRAINT visit_pkey;
ALTER TABLE visit ADD PRIMARY KEY (point_id, scanned_at, device_id, sequence);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("tracing", "0004_keeping"),
        ("visits", "0004_scan_marks"),
    ]
    operations = [
        migrations.RunSQL(Path(__file__).with_name("visit_covering.sql").read_text(encoding="utf-8"), BACK)
    ]
