from django.db import migrations, models


class Migration(migrations.Migration):
    """What the nightly check needs to compare prints. Jobs from before count as chosen: nobody noted how they began."""

    dependencies = [("cards", "0007_bindings")]

    operations = [
        migrations.AddField("printpart", "file_sha256", models.BinaryField(max_length=32, null=True)),
        migrations.AddField("printbatch", "is_chosen", models.BooleanField(default=True)),
        migrations.AlterField("printbatch", "is_chosen", models.BooleanField(default=False)),
    ]
