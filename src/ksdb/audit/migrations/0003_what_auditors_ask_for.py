"""Indexes for what auditors ask by: action, purpose, case."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('audit', '0002_chain'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(fields=['action', 'id'], name='audit_entry_by_action', opclasses=['varchar_pattern_ops', 'int8_ops']),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('purpose', ''), _negated=True), fields=['purpose', 'id'], name='audit_entry_by_purpose'),
        ),
        migrations.AddIndex(
            model_name='entry',
            index=models.Index(condition=models.Q(('case_id__isnull', False)), fields=['case_id', 'id'], name='audit_entry_by_case'),
        ),
    ]
