from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracing", "0002_visit_exits")]
    operations = [
        migrations.AddField("trace", "resident_count", models.IntegerField(default=0)),
        migrations.AddField("trace", "covered_count", models.IntegerField(default=0)),
    ]
