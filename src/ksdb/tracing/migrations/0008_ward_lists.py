import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("places", "0002_point_settings"),
        ("tracing", "0007_runs"),
    ]
    operations = [
        migrations.CreateModel(
            name="WardList",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("handed_at", models.DateTimeField()),
                ("handed_by_id", models.IntegerField(null=True)),
                ("contact_count", models.IntegerField()),
                (
                    "division",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="places.division"
                    ),
                ),
                (
                    "trace",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="ward_lists", to="tracing.trace"
                    ),
                ),
            ],
            options={
                "db_table": "ward_list",
                "constraints": [models.UniqueConstraint(fields=("trace", "division"), name="ward_list_once")],
            },
        ),
    ]
