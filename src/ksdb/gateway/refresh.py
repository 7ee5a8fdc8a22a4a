"""Keeps what is known fresh: a full load, then LISTEN and the differences; after a lost connection, all again."""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from psycopg import AsyncConnection
from psycopg.rows import tuple_row

from ksdb.core.errors import SchemaUnknown
from ksdb.core.token import IssuerKey, Usage
from ksdb.gateway.known import Known
from ksdb.gateway.schema import require_schema
from ksdb.postgres.named import sql
from ksdb.postgres.pool import STATEMENT_SECONDS, connect, hanging_up_after

LOOK_SECONDS = 30.0
"""How often we look unasked: a notification may be lost, and a dead connection says nothing."""

ALL = frozenset({"card", "device", "issuer_key", "trust_list", "status_list"})
"""The tables whose changes we hear of."""

GATHER_SECONDS = 0.05
RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0)

_log = logging.getLogger(__name__)


class Refresher:
    """Owns the two connections behind `known`: one listens, one reads."""

    def __init__(self, url: str, known: Known, patience_seconds: float = STATEMENT_SECONDS) -> None:
        self._url = url
        self._patience_seconds = patience_seconds
        self._known = known
        self._watermark = "0"
        self._fresh_at: float | None = None

    @property
    def is_loaded(self) -> bool:
        return self._fresh_at is not None

    def age_seconds(self) -> float:
        """How long ago everything known was last held against the database."""
        return time.monotonic() - self._fresh_at if self._fresh_at is not None else float("inf")

    async def run(self) -> None:
        """Goes on until it is cancelled. Raises SchemaUnknown only before anything is loaded.

        Who migrates below a running gateway must restart it; until then it goes on with what it knows.
        """
        attempt = 0
        while True:
            try:
                await self._session()
            except (psycopg.Error, OSError) as error:
                _log.warning("no news from the database: %s", type(error).__name__)
            except SchemaUnknown as error:
                if not self.is_loaded:
                    raise
                _log.error(error.sentence())
            attempt = 0 if self.age_seconds() < LOOK_SECONDS else attempt + 1
            await asyncio.sleep(RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)])

    async def _session(self) -> None:
        """One life of the connections. Listens before it loads, so that nothing falls between the two."""
        async with (
            await connect(self._url, "gateway news") as news,
            await connect(self._url, "gateway reader") as reader,
        ):
            with hanging_up_after(news, self._patience_seconds):
                await news.execute(sql("ksdb.gateway", "listen"))
            await self._load_all(reader)
            while True:
                changed = {notice.payload async for notice in news.notifies(timeout=LOOK_SECONDS, stop_after=1)}
                if changed:
                    # Bulk work tells once per transaction; take in together what comes together.
                    changed |= {notice.payload async for notice in news.notifies(timeout=GATHER_SECONDS)}
                else:
                    with hanging_up_after(news, self._patience_seconds):
                        await news.execute("SELECT 1")
                await self._load(reader, changed or ALL)

    async def _load_all(self, reader: AsyncConnection) -> None:
        with hanging_up_after(reader, self._patience_seconds):
            await require_schema(reader)
        self._watermark, packed = await self._cards_since(reader, "0")
        self._known.cards.clear()  # with no pause before learning: no scan ever sees the empty arrays
        self._known.cards.learn(packed)
        del packed
        await self._load(reader, ALL - {"card"})

    async def _load(self, reader: AsyncConnection, tables: AbstractSet[str]) -> None:
        if "card" in tables:
            self._watermark, packed = await self._cards_since(reader, self._watermark)
            self._known.cards.learn(packed)
        if "device" in tables:
            self._known.learn_devices(await self._rows(reader, "devices"))
        if "issuer_key" in tables:
            self._known.learn_trust(_keys(await self._rows(reader, "issuer_keys")))
        if "trust_list" in tables:
            self._known.lists.learn_trust_list(await self._rows(reader, "trust_list"))
        if "status_list" in tables:
            since = {"since": self._known.lists.status_serial}
            self._known.lists.learn_status_lists(await self._rows(reader, "status_lists", since))
        self._fresh_at = time.monotonic()

    async def _cards_since(self, reader: AsyncConnection, watermark: str) -> tuple[str, bytes]:
        ((watermark, packed),) = await self._rows(reader, "cards_changed", {"since": watermark})
        return watermark, packed or b""

    async def _rows(
        self, reader: AsyncConnection, name: str, parameters: Mapping[str, object] | None = None
    ) -> list[tuple[Any, ...]]:
        """Raises OperationalError when the server is frozen: it would say nothing for ever."""
        cursor = reader.cursor(binary=True, row_factory=tuple_row)
        with hanging_up_after(reader, self._patience_seconds):
            await cursor.execute(sql("ksdb.gateway", name), parameters)
        return await cursor.fetchall()


def _keys(rows: Sequence[tuple[Any, ...]]) -> list[IssuerKey]:
    """The usable keys. One that cannot be read is left out and told: the other keys' cards must go on working."""
    keys = []
    for kid, public_key, usage, not_before, not_after in rows:
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes(public_key))
            keys.append(IssuerKey(kid & 0xFFFF, point, Usage(usage), not_before, not_after))
        except ValueError:
            _log.error("issuer key %s cannot be read", kid)
    return keys
