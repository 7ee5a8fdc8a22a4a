from django.db import migrations, models

KINDS = ["bulk_issue", "bulk_revoke", "day_delete", "point_export", "status_override", "trace_export"]


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_initial")]
    operations = [
        migrations.AlterField("act", "kind", models.CharField(choices=[(one, one) for one in KINDS], max_length=30))
    ]
