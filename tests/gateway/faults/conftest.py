"""What the fault tests share: a PostgreSQL of their own that may be killed, frozen and stopped."""

import shutil
from collections.abc import Iterator

import pytest
from tests.gateway.devices import enrol
from tests.gateway.faults.servers import OwnServer
from tests.gateway.town import Town, clear, settle

from ksdb.config import Settings, settings


@pytest.fixture(scope="session")
def fault_server(town_url: str) -> Iterator[OwnServer]:
    """Once for all tests of a process: the wheel knows its servers by their folder, which no other process shares."""
    ours = Settings(var_dir=settings().var_dir / "faults")
    shutil.rmtree(ours.var_dir, ignore_errors=True)
    server = OwnServer(ours)
    server.start()
    server.copy_from(town_url)
    yield server
    server.stop()
    shutil.rmtree(ours.var_dir)


@pytest.fixture
def own_server(fault_server: OwnServer) -> OwnServer:
    """The server, running, with a fresh town in it."""
    fault_server.start()
    with Town.at(fault_server.url) as town:
        with town.connection.transaction():
            clear(town)
            settle(town)
        enrol(town)
    return fault_server
