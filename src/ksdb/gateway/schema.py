"""Which schema the gateway was written for; with any other it does not start."""

import psycopg
from psycopg import AsyncConnection

from ksdb.core.errors import SchemaUnknown
from ksdb.postgres.named import sql

MIGRATIONS = {"cards": "0009_signature_count", "places": "0003_closed_points", "visits": "0011_retiming"}
"""The newest migration of each room whose tables the gateway touches."""


async def require_schema(connection: AsyncConnection) -> None:
    """Raises SchemaUnknown unless the database is exactly at MIGRATIONS."""
    try:
        cursor = await connection.execute(sql("ksdb.gateway", "migrations"), {"apps": list(MIGRATIONS)})
    except psycopg.errors.UndefinedTable as error:
        raise SchemaUnknown from error
    if dict(await cursor.fetchall()) != MIGRATIONS:
        raise SchemaUnknown
