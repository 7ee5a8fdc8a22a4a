"""Runs point_changes.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations

BACK = """
DROP INDEX visit_received;
CREATE INDEX visit_received ON visit USING brin (received_at) WITH (pages_per_range = 16, autosummarize = on);
DROP TRIGGER scan_point_noted ON scan_point;
DROP TRIGGER usual_stay_noted ON scan_point;
DROP FUNCTION note_scan_point_change();
DROP SEQUENCE scan_point_change_number;
DROP TABLE scan_point_change;
"""


class Migration(migrations.Migration):
    dependencies = [("tracing", "0011_questions"), ("visits", "0011_retiming"), ("places", "0003_closed_points")]
    operations = [migrations.RunSQL(Path(__file__).with_name("point_changes.sql").read_text(encoding="utf-8"), BACK)]
