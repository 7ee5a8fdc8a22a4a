"""Where a place lies, if its owner says so."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrolment", "0001_initial")]
    operations = [
        migrations.AddField("place", "latitude", models.FloatField(null=True)),
        migrations.AddField("place", "longitude", models.FloatField(null=True)),
    ]
