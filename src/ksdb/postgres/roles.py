"""The roles of the database. `roles.sql` beside this file says who may touch what, and runs after each migration."""

from importlib.resources import files

import psycopg
from psycopg.conninfo import make_conninfo

SITE = "ksdb_site"
GATEWAY = "ksdb_gateway"


def as_role(url: str, role: str) -> str:
    """The address of the same database for another role, without a password: for the embedded server."""
    return make_conninfo(url, user=role, password=None)


def give_rights(url: str) -> list[str]:
    """Makes the roles where they are missing and gives each exactly its rights; as the owner, as often as one likes.

    Returns the roles that are missing because the owner may not make roles: a database administrator has to.
    """
    text = files("ksdb.postgres").joinpath("roles.sql").read_text("utf-8")
    with psycopg.connect(url) as connection:
        missing = [role for role in (SITE, GATEWAY) if not _ensured(connection, role)]
        if not missing:
            connection.execute(psycopg.sql.SQL(text).format())
    return missing


def _ensured(connection: psycopg.Connection, role: str) -> bool:
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role]).rowcount:
        return True
    try:
        with connection.transaction():
            connection.execute(psycopg.sql.SQL("CREATE ROLE {} LOGIN").format(psycopg.sql.Identifier(role)))
    except psycopg.errors.InsufficientPrivilege:
        return False
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return True  # another database of this server was quicker
    return True


def powers(connection: psycopg.Connection) -> list[str]:
    """What the role of this connection can do that a door must not: nothing, if all is well."""
    row = connection.execute(_POWERS).fetchone()
    assert row is not None  # noqa: S101 - a select without FROM has one row
    names = ("is a superuser", "may make roles", "owns tables", "may alter the audit trail")
    return [name for name, has in zip(names, row, strict=True) if has]


_POWERS = """
SELECT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
       (SELECT rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname = current_user),
       EXISTS (SELECT FROM pg_class WHERE relnamespace = 'public'::regnamespace AND pg_has_role(relowner, 'USAGE')),
       coalesce(has_table_privilege(to_regclass('public.audit_entry'), 'UPDATE, DELETE, TRUNCATE, TRIGGER'), false)
"""
