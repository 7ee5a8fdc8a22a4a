"""Runs reporting.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations

BACK = """
DROP TRIGGER card_counted_new ON card;
DROP TRIGGER card_counted_both ON card;
DROP TRIGGER card_counted_old ON card;
DROP TRIGGER missing_reason_counted_new ON missing_reason;
DROP TRIGGER missing_reason_counted_both ON missing_reason;
DROP TRIGGER missing_reason_counted_old ON missing_reason;
DROP TRIGGER resident_counted_new ON resident;
DROP TRIGGER resident_counted_both ON resident;
DROP TRIGGER resident_counted_old ON resident;
DROP VIEW coverage_day_fresh, coverage_tally_fresh, coverage_placed;
DROP FUNCTION coverage_state(timestamptz), coverage_includes(resident), tell_coverage_new(), tell_coverage_old(),
    tell_coverage_both(), tell_coverage_new_resident(), tell_coverage_old_resident();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("coverage", "0001_initial"),
        ("cards", "0003_prints"),
        ("outreach", "0001_initial"),
        ("places", "0001_initial"),
        ("registry", "0002_import_findings"),
    ]
    operations = [migrations.RunSQL(Path(__file__).with_name("reporting.sql").read_text(encoding="utf-8"), BACK)]
