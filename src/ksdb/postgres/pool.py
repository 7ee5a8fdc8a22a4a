"""Connections for doors that serve on an event loop: one at a time, or a small pool."""

import asyncio
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo
from psycopg_pool import AsyncConnectionPool

CONNECT_SECONDS = 5
STATEMENT_SECONDS = 10
"""Longer than any statement of a door should take; after it, the connection is given up and the work tried anew."""


def conninfo(url: str, name: str) -> str:
    """The address, with a name for pg_stat_activity and an end to waiting for a dead peer."""
    return make_conninfo(
        url,
        application_name=f"ksdb {name}",
        connect_timeout=CONNECT_SECONDS,
        keepalives_idle=10,
        tcp_user_timeout=STATEMENT_SECONDS * 1000,
        options=f"-c statement_timeout={STATEMENT_SECONDS}s -c idle_in_transaction_session_timeout=30s",
    )


async def connect(url: str, name: str) -> AsyncConnection:
    """One connection in autocommit: each statement is its own transaction unless one is opened."""
    return await AsyncConnection.connect(conninfo(url, name), autocommit=True)


def pool(url: str, name: str, size: int) -> AsyncConnectionPool:
    """A pool that is still closed; `async with` opens it."""
    return AsyncConnectionPool(
        conninfo(url, name), min_size=1, max_size=size, timeout=CONNECT_SECONDS, open=False, kwargs={"autocommit": True}
    )


@contextmanager
def hanging_up_after(connection: AsyncConnection, seconds: float) -> Iterator[None]:
    """What waits longer fails as if the line had been cut.

    A server that is frozen answers no cancel request either, and psycopg would wait for that answer.
    """
    watch = asyncio.get_running_loop().call_later(seconds, _hang_up, connection)
    try:
        yield
    finally:
        watch.cancel()


def _hang_up(connection: AsyncConnection) -> None:
    if not connection.closed:
        with socket.socket(fileno=os.dup(connection.fileno())) as line:
            line.shutdown(socket.SHUT_RDWR)
