"""Registers among the devices, what tells a lost answer from a used code, and copied_devices.sql beside this file."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("visits", "0009_guesses")]
    operations = [
        migrations.AddField("device", "is_register", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("enrolcode", "is_register", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("enrolcode", "nonce_sha256", models.BinaryField(null=True)),
        migrations.RunSQL(Path(__file__).with_name("copied_devices.sql").read_text(encoding="utf-8")),
    ]
