"""A province of invented residents and cards, straight into the tables by INSERT … SELECT: no names worth reading.

from bench.province import province
province(people=1_200_000)      # a database of its own, made once and kept for the next run
"""

import os
import time
from pathlib import Path

import psycopg

GROUPS_A_COMMUNE = 20
CARD_SHARE = 0.92
DAYS = 60

GROUPS = """
INSERT INTO division (code, name, kind, parent_id, valid_from, valid_to, position)
SELECT code || '-' || lpad(n::text, 3, '0'), 'Tổ dân phố ' || n, 'group', id, valid_from, valid_to, n
FROM division, generate_series(1, %(groups)s) n WHERE kind = 'commune' AND valid_from = '2021-07-01'
"""
CONTAINED = """
INSERT INTO division_containment (outer_id, inner_id)
SELECT id, id FROM division WHERE kind = 'group'
UNION SELECT outer_id, division.id FROM division JOIN division_containment ON inner_id = parent_id
WHERE kind = 'group'
"""
RESIDENTS = """
WITH place AS (SELECT array_agg(id ORDER BY id) AS ids, count(*)::integer AS count FROM division WHERE kind = 'group')
INSERT INTO resident (id, division_id, full_name, search_key, sort_key, sex, birth_year, relation, registered_at)
SELECT n, place.ids[1 + n %% place.count], 'Nguyễn Thị ' || n, 'nguyen thi ' || n, 'thi nguyen ' || n,
       CASE WHEN n %% 2 = 0 THEN 'female' ELSE 'male' END, 1940 + (n::bigint * 7919 %% 84)::integer, '',
       now() - interval '70 days'
FROM generate_series(1, %(people)s) n, place
"""
CARDS = """
INSERT INTO card (index, number, resident_id, form, status, status_since, reason, issued_at, activated_at, expires_at)
SELECT n, lpad(n::text, 12, '0'), n, 1 + n %% 3, CASE WHEN n %% 50 = 0 THEN 1 WHEN n %% 97 = 0 THEN 4 ELSE 2 END,
       since, '', since, CASE WHEN n %% 50 <> 0 THEN since END, since + interval '730 days'
FROM (SELECT n, now() - interval '1 day' * (1 + (n::bigint * 104729 %% %(days)s)) AS since
      FROM generate_series(1, %(cards)s) n) dated
"""
REASONS = """
INSERT INTO missing_reason (resident_id, reason, said_on, noted_at)
SELECT n, (ARRAY['works_away', 'studies_elsewhere', 'moved', 'died', 'refuses'])[1 + n %% 5], current_date - 20, now()
FROM generate_series(1, %(people)s, 40) n
"""


def province(people: int) -> str:
    """The address of a migrated database with so many residents in it, made when it is not there yet."""
    from ksdb.config import make_secrets, settings
    from ksdb.postgres.server import embedded_url, start_embedded

    var = Path(os.environ.setdefault("KSDB_VAR_DIR", "var/bench")).resolve()
    make_secrets(var)
    url = embedded_url(start_embedded(settings()), f"bench_province_{people}")
    os.environ |= {"KSDB_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ksdb.site.owner"}
    os.environ |= {"KSDB_IS_DEMO": "1", "KSDB_SECOND_FACTOR": "0"}
    settings.cache_clear()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from ksdb.core.scope import system_scope
    from ksdb.places.actions import load_reference

    load_reference(system_scope())
    with psycopg.connect(url) as connection:
        if not connection.execute("SELECT 1 FROM resident LIMIT 1").fetchone():
            _fill(connection, people)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return url


def _fill(connection: psycopg.Connection[tuple[object, ...]], people: int) -> None:
    started = time.perf_counter()
    asked = {"groups": GROUPS_A_COMMUNE, "people": people, "cards": int(people * CARD_SHARE), "days": DAYS}
    for statement in (GROUPS, CONTAINED, RESIDENTS, CARDS, REASONS):
        connection.execute(statement, asked)
    print(f"made {people:,} residents and {asked['cards']:,} cards in {time.perf_counter() - started:.0f} s")
