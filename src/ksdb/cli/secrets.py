"""Fresh secrets for a new installation, and none for one whose own were lost."""

import psycopg

from ksdb.config import Settings, make_secrets, secrets_missing, settings
from ksdb.core.seal import KeyReplaced
from ksdb.postgres.server import data_dir, database_url


def make_where_new(*, starts_database: bool = True) -> None:
    """Makes the secrets that are missing. Raises KeyReplaced where residents are sealed with the ones that were lost.

    Without `starts_database` a database that is not there yet is left alone.
    """
    ours = settings()
    if starts_database or ours.database_url or (data_dir(ours) / "PG_VERSION").exists():
        _refuse_lost(ours, database_url(ours))
        settings.cache_clear()
    make_secrets(ours.var_dir)


def _refuse_lost(ours: Settings, url: str) -> None:
    lost = [name for name in secrets_missing(ours) if name in {"seal_key", "match_key"}]
    if lost and _is_sealed(url):
        raise KeyReplaced(", ".join(lost))


def _is_sealed(url: str) -> bool:
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('public.resident')").fetchone() == (None,):
            return False
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM resident WHERE id_number_sealed IS NOT NULL OR phone_sealed IS NOT NULL)"
        ).fetchone()
    return row == (True,)
