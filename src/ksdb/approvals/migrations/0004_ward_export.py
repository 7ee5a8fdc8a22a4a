"""A long list of a ward is an act of two persons too."""

from django.db import migrations, models

KINDS = (
    "bulk_issue",
    "bulk_revoke",
    "day_delete",
    "point_export",
    "status_override",
    "trace_export",
    "ward_export",
)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0002_point_export")]
    operations = [
        migrations.AlterField("act", "kind", models.CharField(choices=[(one, one) for one in KINDS], max_length=30))
    ]
