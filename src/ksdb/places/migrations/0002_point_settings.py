from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("places", "0001_initial")]
    operations = [
        migrations.AddField("scanpoint", "capacity", models.IntegerField(null=True)),
        migrations.AddField("scanpoint", "lanes", models.SmallIntegerField(db_default=1, default=1)),
        migrations.AddField("scanpoint", "is_exit_scanned", models.BooleanField(db_default=False, default=False)),
    ]
