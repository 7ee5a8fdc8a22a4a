"""The test database with its roles."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import connections
from psycopg.conninfo import make_conninfo
from pytest_django.plugin import DjangoDbBlocker

from ksdb.config import settings
from ksdb.postgres.roles import GATEWAY, SITE, as_role, give_rights


@pytest.fixture(scope="session")
def owner_url(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> str:
    """The test database as its owner, with the rights given."""
    with django_db_blocker.unblock():
        name = str(connections["default"].settings_dict["NAME"])
    url = make_conninfo(settings().database_url, dbname=name)
    assert give_rights(url) == []
    return url


@pytest.fixture
def site(owner_url: str) -> Iterator[psycopg.Connection]:
    """A connection of the pages' role; what it does is undone."""
    with psycopg.connect(as_role(owner_url, SITE)) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def gateway(owner_url: str) -> Iterator[psycopg.Connection]:
    """A connection of the gateway's role; what it does is undone."""
    with psycopg.connect(as_role(owner_url, GATEWAY)) as connection:
        yield connection
        connection.rollback()
