"""Folded names anew where y is a syllable's only vowel: Vy is searched as Vi, Quy as Qui, as Ly is as Li."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("registry", "0004_search")]
    operations = [
        migrations.RunSQL(
            r"UPDATE resident SET search_key = regexp_replace(search_key, '([bcdgnprvx]|\mqu)y\M', '\1i', 'g') "
            r"WHERE search_key ~ '([bcdgnprvx]|\mqu)y\M'",
            migrations.RunSQL.noop,
        )
    ]
