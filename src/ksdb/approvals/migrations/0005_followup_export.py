"""A long list of contacts to follow is an act of two persons too."""

from django.db import migrations, models

KINDS = (
    "bulk_issue",
    "bulk_revoke",
    "day_delete",
    "followup_export",
    "point_export",
    "status_override",
    "trace_export",
    "ward_export",
)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_ward_export")]
    operations = [
        migrations.AlterField("act", "kind", models.CharField(choices=[(one, one) for one in KINDS], max_length=30))
    ]
