from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracing", "0005_visit_covering")]
    operations = [
        migrations.AddField("ruleset", "latent_days", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("trace", "engine", models.CharField(max_length=10, default="sql")),
        migrations.AddField("trace", "index_horizon", models.BigIntegerField(null=True)),
        migrations.AddField("trace", "generations", models.SmallIntegerField(default=1)),
        migrations.AddField("trace", "first_count", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("trace", "second_count", models.IntegerField(default=0, db_default=0)),
        migrations.AddField("contact", "through_id", models.IntegerField(null=True)),
        migrations.RunSQL("UPDATE trace SET first_count = contact_count", migrations.RunSQL.noop),
    ]
