import django.db.models.deletion
from django.db import migrations, models

KEEP_FILES = """
INSERT INTO print_part (batch_id, number, first_position, end_position, card_count, file_name, drawn_at)
SELECT id, 1, 0, greatest(card_count, 1), CASE WHEN status = 'done' THEN done_count ELSE 0 END,
       CASE WHEN status = 'done' THEN regexp_replace(file_path, '^.*/', '') ELSE '' END,
       CASE WHEN status = 'done' THEN created_at END
FROM print_batch;
UPDATE print_batch SET status = 'cancelled' WHERE status = 'failed';
UPDATE print_batch SET payer_id = division_id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cards', '0003_prints'),
        ('places', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='PrintPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.IntegerField()),
                ('first_position', models.IntegerField()),
                ('end_position', models.IntegerField()),
                ('card_count', models.IntegerField(default=0)),
                ('file_name', models.CharField(blank=True, default='', max_length=80)),
                ('drawn_at', models.DateTimeField(null=True)),
                ('batch', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='cards.printbatch')),
            ],
            options={
                'db_table': 'print_part',
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(fields=('batch', 'number'), name='print_part_once')],
            },
        ),
        migrations.AddField('printbatch', 'layout', models.CharField(default='a4-2x4', max_length=20)),
        migrations.AddField('printbatch', 'fault', models.CharField(blank=True, default='', max_length=40)),
        migrations.AddField('printbatch', 'payer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='places.division')),
        migrations.AddField('printbatch', 'unit_cost', models.IntegerField(default=0)),
        migrations.AddField('printbatch', 'reprint_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reprints', to='cards.printbatch')),
        migrations.AddField('printbatch', 'printed_by_id', models.IntegerField(null=True)),
        migrations.AddField('printbatch', 'printed_at', models.DateTimeField(null=True)),
        migrations.AddField('cardprint', 'sheet', models.IntegerField(null=True)),
        migrations.AddField('cardprint', 'misprinted_at', models.DateTimeField(null=True)),
        migrations.AlterField('printbatch', 'status', models.CharField(choices=[('queued', 'Queued'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed'), ('printed', 'Printed'), ('cancelled', 'Cancelled')], default='queued', max_length=10)),
        migrations.RunSQL(KEEP_FILES),
        migrations.RemoveField('printbatch', 'file_path'),
    ]
