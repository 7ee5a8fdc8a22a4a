"""The town of the gateway's tests, in a database of its own beside Django's: what these tests store is committed."""

import warnings
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from django.db import connections
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pytest_django.plugin import DjangoDbBlocker
from tests.gateway.town import MARKET_TOKEN, Town, clear, settle, without_foreign_keys

from ksdb.config import settings
from ksdb.gateway.app import make_application
from ksdb.postgres.roles import GATEWAY, as_role, give_rights

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have httpx's successor
    from starlette.testclient import TestClient


@pytest.fixture(scope="session")
def town_url(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A copy of the migrated test database."""
    with django_db_blocker.unblock():
        migrated = str(connections["default"].settings_dict["NAME"])
        connections.close_all()
    # Whatever tests before these pinned on this machine is not the root of this town.
    (settings().keys_dir / "root.pub").unlink(missing_ok=True)
    base = settings().database_url
    name = f"{migrated}_town"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(drop)
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(migrated))
        )
    url = make_conninfo(base, dbname=name)
    without_foreign_keys(url)
    assert give_rights(url) == []
    yield url
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(drop)


@pytest.fixture
def town(town_url: str) -> Iterator[Town]:
    with Town.at(town_url) as town:
        with town.connection.transaction():
            clear(town)
            settle(town)
        yield town


@pytest.fixture
def door(town: Town) -> Iterator[TestClient]:
    """The gateway in this process and in its own role, spoken to as the market's device."""
    application = make_application(replace(settings(), gateway_database_url=as_role(town.url, GATEWAY)))
    headers = {"authorization": f"Bearer {MARKET_TOKEN}"}
    with TestClient(application, headers=headers, raise_server_exceptions=False) as client:
        yield client
