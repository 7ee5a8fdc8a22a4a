"""A column for the count of each key's signatures, and signature_count.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cards", "0008_prints_compared")]
    operations = [
        migrations.AddField("issuerkey", "signature_count", models.IntegerField(default=0, db_default=0)),
        migrations.RunSQL(Path(__file__).with_name("signature_count.sql").read_text(encoding="utf-8")),
    ]
