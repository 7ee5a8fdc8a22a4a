"""Contacts of the second generation may be followed, where somebody chose them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("followup", "0002_contact_of_resident")]
    operations = [
        migrations.AddField("source", "generation", models.SmallIntegerField(db_default=1, default=1)),
    ]
