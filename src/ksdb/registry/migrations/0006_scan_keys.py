"""Runs scan_keys.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0005_one_vowel")]
    operations = [
        migrations.RunSQL(
            Path(__file__).with_name("scan_keys.sql").read_text(encoding="utf-8"),
            "DROP TRIGGER want_scan_keys ON resident; DROP TRIGGER want_scan_keys_of_one ON resident; "
            "DROP TRIGGER forget_scan_keys ON resident; "
            "DROP FUNCTION want_scan_keys, want_scan_keys_of_one, forget_scan_keys; "
            "DROP TABLE resident_scan_key, scan_key_version, scan_key_wanted",
        )
    ]
