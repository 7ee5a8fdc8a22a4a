"""Runs that a device's clock has touched; several labels of who may have infected a case."""

from django.db import migrations, models

WHY = [(one, one.capitalize()) for one in ("late", "dispute", "merge", "case", "lost", "clock")]


class Migration(migrations.Migration):
    dependencies = [("tracing", "0009_cases"), ("visits", "0011_retiming")]
    operations = [
        migrations.AlterField(
            model_name="trace",
            name=name,
            field=models.CharField(blank=True, choices=WHY, db_default="", default="", max_length=10),
        )
        for name in ("stale_why", "why")
    ] + [
        migrations.AlterField(
            model_name="reportedcase", name="infector", field=models.CharField(blank=True, max_length=200)
        )
    ]
