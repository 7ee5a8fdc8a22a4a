"""Folded names anew where a syllable begins with y: Yến is searched as Iến, Ý as Í; those of points as well.

Batch after batch of numbers, each committed at once: desks and imports go on meanwhile, and a run broken off is repeated.
"""

from typing import Any

from django.db import migrations, transaction

BATCH = 50_000
FOLDED_ANEW = r"""
UPDATE {table} SET {column} = regexp_replace({column}, '\my', 'i', 'g')
WHERE id > %s AND id <= %s AND {column} ~ '\my'
"""


def fold_anew(apps: Any, schema_editor: Any) -> None:
    for table, column in (("resident", "search_key"), ("scan_point", "search_name")):
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table}")
            ((last,),) = cursor.fetchall()
            for first in range(0, last, BATCH):
                with transaction.atomic(schema_editor.connection.alias):
                    cursor.execute(FOLDED_ANEW.format(table=table, column=column), [first, first + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("places", "0003_closed_points"), ("registry", "0007_households_by_address")]
    operations = [migrations.RunPython(fold_anew, migrations.RunPython.noop)]
