"""Units as long as accounts may have them."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('approvals', '0002_point_export'),
    ]

    operations = [
        migrations.AlterField(
            model_name='act',
            name='decider_unit',
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AlterField(
            model_name='act',
            name='requester_unit',
            field=models.CharField(max_length=120),
        ),
    ]
