"""What devices say of themselves: the latest of each is kept in memory and written down now and then, all together."""

import asyncio
import logging
from typing import Final, NamedTuple

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ksdb.core.clock import now_ms
from ksdb.gateway.intake import Arrival, DeviceState
from ksdb.gateway.known import Device
from ksdb.postgres.named import sql
from ksdb.postgres.pool import CONNECT_SECONDS, hanging_up_after

WRITE_SECONDS = 10.0
HEARD_MS: Final = 60_000
_MOST_INT: Final = 2**31 - 1
_MOST_BIGINT: Final = 2**63 - 1
_NOTHING = DeviceState()
_log = logging.getLogger(__name__)


class _Row(NamedTuple):
    """In the order of the parameters of `note_states`."""

    device_id: int
    told_ms: int
    ahead_ms: int
    app_version: str
    battery_percent: int | None
    waiting_count: int | None
    scanned_count: int | None
    trust_serial: int | None
    status_serial: int | None


class States:
    """A crash loses ten seconds of it, and no scan."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool
        self._told: dict[int, tuple[Arrival, DeviceState]] = {}
        self._heard_ms: dict[int, int] = {}
        self._unwritten: dict[int, int] = {}

    def hear(self, device: Device) -> None:
        """It asked for something, and said nothing of itself: that it lives is kept, to the minute."""
        at = now_ms()
        if at - self._heard_ms.get(device.id, 0) > HEARD_MS:
            self._heard_ms[device.id] = self._unwritten[device.id] = at

    def note(self, arrival: Arrival, state: DeviceState | None) -> None:
        self._told[arrival.device.id] = (arrival, state or _NOTHING)

    async def run(self) -> None:
        """Goes on until it is cancelled."""
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Writes what was noted since the last time; what cannot be written is put back."""
        told, self._told = self._told, {}
        heard, self._unwritten = self._unwritten, {}
        if not (told or heard):
            return
        rows = [_row(arrival, state) for arrival, state in told.values()]
        columns = {name: [row[place] for row in rows] for place, name in enumerate(_Row._fields)}
        try:
            async with self._pool.connection() as connection:
                with hanging_up_after(connection, CONNECT_SECONDS):
                    await connection.execute(sql("ksdb.gateway", "note_states"), columns)
                    silent = {"device_id": list(heard), "told_ms": list(heard.values())}
                    await connection.execute(sql("ksdb.gateway", "note_heard"), silent)
        except (psycopg.Error, PoolTimeout, OSError) as error:
            _log.warning("states of devices not written: %s", type(error).__name__)
            self._told = {**told, **self._told}
            self._unwritten = {**heard, **self._unwritten}


def _row(arrival: Arrival, state: DeviceState) -> _Row:
    return _Row(
        arrival.device.id,
        arrival.received_ms,
        arrival.ahead_ms,
        "".join(letter for letter in state.app_version if letter.isascii() and letter.isprintable())[:20],
        _within(state.battery_percent, 100),
        _within(state.waiting_count, _MOST_INT),
        _within(state.scanned_count, _MOST_BIGINT),
        _within(state.trust_serial, _MOST_BIGINT),
        _within(state.status_serial, _MOST_BIGINT),
    )


def _within(number: int | None, most: int) -> int | None:
    return None if number is None else min(max(number, 0), most)
