"""The gateway starts on the schema it was written for, and on no other."""

import asyncio
from dataclasses import replace
from importlib.resources import files

import pytest
from starlette.applications import Starlette
from tests.gateway.town import Town

from ksdb.config import settings
from ksdb.core.errors import SchemaUnknown
from ksdb.gateway.app import make_application
from ksdb.gateway.schema import MIGRATIONS

pytestmark = pytest.mark.django_db


async def start(application: Starlette) -> None:
    async with application.router.lifespan_context(application):
        pass


@pytest.mark.parametrize("room", MIGRATIONS)
def test_the_migrations_it_relies_on_are_the_newest(room: str) -> None:
    """Fails when a room gains a migration: look whether the gateway's SQL still holds, then write the new name down."""
    names = [path.name for path in files(f"ksdb.{room}.migrations").iterdir()]
    assert MIGRATIONS[room] == max(name for name in names if name[0].isdigit()).removesuffix(".py")


def test_it_refuses_to_start_on_another_schema(town: Town) -> None:
    town.rows("INSERT INTO django_migrations (app, name, applied) VALUES ('visits', '9999_future', now())")
    try:
        application = make_application(replace(settings(), database_url=town.url))
        with pytest.raises(SchemaUnknown):
            asyncio.run(start(application))
    finally:
        town.rows("DELETE FROM django_migrations WHERE name = '9999_future'")
