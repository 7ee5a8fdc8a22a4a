"""A database with a whole invented province in it, kept between runs, for the benchmarks that need one.

    python -m bench.people [--residents 1200000]

Makes it when it is not there yet (some minutes), and brings its schema up to date when it is.
"""

import argparse
import os
import time
from pathlib import Path
from typing import Any

import psycopg

RESIDENTS = 1_200_000
SEED = 20211101


def people_database(residents: int = RESIDENTS) -> str:
    """The address of a migrated database with that many residents and their cards; Django is set up to use it."""
    from ksdb.config import make_secrets, settings
    from ksdb.postgres.server import embedded_url, start_embedded

    var = Path(os.environ.setdefault("KSDB_VAR_DIR", "var/bench")).resolve()
    make_secrets(var)
    url = embedded_url(start_embedded(settings()), f"bench_people_{residents}")
    os.environ |= {"KSDB_DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "ksdb.site.owner"}
    os.environ |= {"KSDB_IS_DEMO": "1", "KSDB_SECOND_FACTOR": "0"}
    settings.cache_clear()
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    with psycopg.connect(url) as connection:
        if not connection.execute("SELECT 1 FROM resident LIMIT 1").fetchone():
            _fill(connection, residents)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE resident")
        connection.execute("VACUUM ANALYZE card")
    return url


def _fill(connection: psycopg.Connection[Any], residents: int) -> None:
    from ksdb.access.sealing import sealer_of_now
    from ksdb.core.scope import system_scope
    from ksdb.places.actions import load_reference
    from ksdb.simulation.loading import load_people
    from ksdb.simulation.population import province

    started = time.perf_counter()
    load_reference(system_scope())
    population = province(seed=SEED, residents=residents)
    with connection.transaction():
        load_people(connection.cursor(), population, sealer_of_now(), SEED, lambda *_: None)
    print(f"made {residents:,} residents with cards in {time.perf_counter() - started:.0f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    url = people_database(parser.parse_args().residents)
    print(f"database: {psycopg.conninfo.conninfo_to_dict(url)['dbname']} (kept for the next run)")


if __name__ == "__main__":
    main()
