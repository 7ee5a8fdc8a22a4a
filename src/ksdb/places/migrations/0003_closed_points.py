"""Points that are closed, and the folded names by which points are found."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from ksdb.core.names import search_key


def fold_names(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    """Of the points that there are."""
    model = apps.get_model("places", "ScanPoint")
    points = list(model.objects.only("pk", "name"))
    for point in points:
        point.search_name = search_key(point.name)
    model.objects.bulk_update(points, ["search_name"], batch_size=2_000)


class Migration(migrations.Migration):
    dependencies = [("places", "0002_point_settings")]
    operations = [
        migrations.AddField("scanpoint", "closed_at", models.DateTimeField(null=True)),
        migrations.AddField("scanpoint", "search_name", models.CharField(db_default="", default="", max_length=160)),
        migrations.RunPython(fold_names, migrations.RunPython.noop),
    ]
