"""What a run asked for, rules by type of point; and runs exits_with_keys.sql, which stands beside this file."""

from pathlib import Path

from django.db import migrations, models

BACK = """
DROP INDEX visit_exits;
CREATE INDEX visit_exits ON visit (point_id, scanned_at) INCLUDE (resident_id) WHERE is_exit;
"""
WHY = [
    ('late', 'Late'),
    ('dispute', 'Dispute'),
    ('merge', 'Merge'),
    ('case', 'Case'),
    ('lost', 'Lost'),
    ('days', 'Days'),
    ('clock', 'Clock'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('tracing', '0010_clocks'),
    ]

    operations = [
        migrations.RunSQL(Path(__file__).with_name('exits_with_keys.sql').read_text(encoding='utf-8'), BACK),
        migrations.AddField(
            model_name='trace',
            name='asked_until',
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name='trace',
            name='stale_why',
            field=models.CharField(blank=True, choices=WHY, db_default='', default='', max_length=10),
        ),
        migrations.AlterField(
            model_name='trace',
            name='why',
            field=models.CharField(blank=True, choices=WHY, db_default='', default='', max_length=10),
        ),
        migrations.AddField(
            model_name='ruleset',
            name='by_type',
            field=models.JSONField(db_default={}, default=dict),
        ),
        migrations.RunSQL('UPDATE trace SET asked_until = ran_at', migrations.RunSQL.noop),
    ]
