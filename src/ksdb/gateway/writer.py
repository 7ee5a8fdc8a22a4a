"""Stores scans in groups: whatever waits goes into one statement and one commit, and is acknowledged after it."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import msgspec
import psycopg
from psycopg import AsyncConnection

from ksdb.core.clock import day_of, from_ms
from ksdb.core.decision import ScanResult
from ksdb.gateway.errors import Busy, Closing, DatabaseAway, GatewayError, StoreFailed
from ksdb.gateway.intake import DecidedScan
from ksdb.postgres.named import sql
from ksdb.postgres.pool import connect, hanging_up_after

MOST_WAITING = 20_000
MOST_TOGETHER = 2_000
AT_THE_DOOR = 5
"""An upload of so few scans comes from a queue of people; a longer one is what a device kept while it was offline."""
PATIENCE_SECONDS = 10.0
"""How long a scan waits for a database that is away, and a statement for its answer; then devices keep scans."""

RETRY_SECONDS = 0.2
TASKS = 2
"""While one group is being flushed to disk the next is on its way."""

_log = logging.getLogger(__name__)


class Reply(Protocol):
    """Where the answer goes: a future, or whatever has as much of one."""

    def done(self) -> bool: ...

    def set_result(self, is_new: list[bool], /) -> None: ...

    def set_exception(self, error: GatewayError, /) -> None: ...


@dataclass(slots=True, eq=False)
class _Job:
    """The scans of one request, and where its answer is awaited."""

    rows: Sequence[DecidedScan]
    done: "Reply"
    since: float

    def answer(self, is_new: list[bool]) -> None:
        if not self.done.done():  # the client may have gone; its scans are stored all the same
            self.done.set_result(is_new)

    def fail(self, error: GatewayError) -> None:
        if not self.done.done():
            self.done.set_exception(error)


class Writer:
    """A bounded queue and the few tasks that empty it. Correct beside other writers, in this process or elsewhere."""

    def __init__(
        self, url: str, most_waiting: int = MOST_WAITING, *, patience_seconds: float = PATIENCE_SECONDS
    ) -> None:
        self._url = url
        self.patience_seconds = patience_seconds
        self._most_waiting = most_waiting
        self._jobs: deque[_Job] = deque()
        self._waiting = 0
        self._filled = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_closing = False

    @property
    def is_half_full(self) -> bool:
        """Then whatever is not a scan waits."""
        return self._waiting * 2 > self._most_waiting

    @property
    def is_full(self) -> bool:
        """Then nothing more is taken."""
        return self._waiting >= self._most_waiting

    @property
    def waiting_count(self) -> int:
        """Scans that are neither stored nor refused yet."""
        return self._waiting

    def start(self) -> None:
        self._tasks = [asyncio.create_task(_Hand(self._url, self.patience_seconds).work(self)) for _ in range(TASKS)]

    @property
    def is_working(self) -> bool:
        """False once a task of the writer has ended, which only `close` or a fault of ours makes it do."""
        return not any(task.done() for task in self._tasks)

    async def close(self) -> None:
        """Takes no more, stores what waits, and ends."""
        self._is_closing = True
        self._filled.set()
        await asyncio.gather(*self._tasks)

    async def store(self, rows: Sequence[DecidedScan]) -> list[bool]:
        """Whether each scan is new; returns when they are stored for good. Cancelling loses and doubles nothing.

        Where somebody stands at a door goes first: uploads of many scans are sent away when the queue is half full.
        """
        done: asyncio.Future[list[bool]] = asyncio.get_running_loop().create_future()
        self.put(rows, done)
        return await done

    def put(self, rows: Sequence[DecidedScan], done: "Reply") -> None:
        """As `store`, for whoever is called back. Raises Closing, Busy."""
        if self._is_closing:
            raise Closing
        room = self._most_waiting if len(rows) <= AT_THE_DOOR else self._most_waiting // 2
        if self._waiting + len(rows) > room:
            raise Busy
        self._jobs.append(_Job(rows, done, time.monotonic()))
        self._waiting += len(rows)
        self._filled.set()

    async def next_group(self) -> list[_Job]:
        """All that waits, up to a sensible size; empty when the writer is closing and nothing waits."""
        while not self._jobs and not self._is_closing:
            self._filled.clear()
            await self._filled.wait()
        group: list[_Job] = []
        count = 0
        while self._jobs and (not group or count + len(self._jobs[0].rows) <= MOST_TOGETHER):
            group.append(self._jobs.popleft())
            count += len(group[-1].rows)
        return group

    def settle(self, group: Sequence[_Job]) -> None:
        """These wait no longer; one that a fault of ours left without an answer is failed, so that no request hangs."""
        for job in group:
            self._waiting -= len(job.rows)
            job.fail(StoreFailed())

    def give_up_on_old(self) -> None:
        """The database is away: what has waited too long is given back, oldest first."""
        while self._jobs and self.is_too_old(self._jobs[0]):
            job = self._jobs.popleft()
            job.fail(DatabaseAway())
            self.settle([job])

    def is_too_old(self, job: _Job) -> bool:
        return time.monotonic() - job.since > self.patience_seconds


class _Hand:
    """One task of the writer, with a connection of its own."""

    def __init__(self, url: str, patience_seconds: float) -> None:
        self._url = url
        self._patience_seconds = patience_seconds
        self._connection: AsyncConnection | None = None
        self._with_intake: set[int] = set()
        self._is_away = False
        self._is_spread = False

    async def work(self, writer: Writer) -> None:
        try:
            while group := await writer.next_group():
                try:
                    await self._settle(group, writer)
                finally:
                    writer.settle(group)
        finally:
            await self._drop()

    async def _settle(self, group: list[_Job], writer: Writer) -> None:
        """Stores the group, however often that must be tried; each job is answered or failed."""
        while group:
            try:
                is_new = await self._stored([row for job in group for row in job.rows])
            except (psycopg.DataError, psycopg.IntegrityError) as error:
                await self._set_apart(group, error, writer)
                return
            except (psycopg.Error, OSError) as error:
                if not self._is_away:  # once an outage, not five times a second
                    _log.warning("storing again until it works: %s", type(error).__name__)
                self._is_away = True
                await self._drop()
                writer.give_up_on_old()
                group = _without_old(group, writer)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                self._is_away = False
                _answer(group, is_new)
                return

    async def _set_apart(self, group: list[_Job], error: psycopg.Error, writer: Writer) -> None:
        """Something in the group cannot be stored: each job alone then, so that one never takes others with it."""
        if len(group) > 1:
            for job in group:
                await self._settle([job], writer)
            return
        _log.error("scans of device %s cannot be stored: %s", group[0].rows[0].device_id, type(error).__name__)
        group[0].fail(StoreFailed())

    async def _stored(self, rows: Sequence[DecidedScan]) -> list[bool]:
        if self._connection is None:
            self._connection = await connect(self._url, "gateway writer")
            self._is_spread = await _is_spread(self._connection)
        with hanging_up_after(self._connection, self._patience_seconds):
            try:
                return await self._stored_by(self._connection, rows)
            except psycopg.errors.CheckViolation:
                # No partition for a day yet: late scans of a quiet day, or the nightly job did not run.
                await self._connection.execute(sql("ksdb.gateway", "make_partitions"), {"days": _days_of(rows)})
                return await self._stored_by(self._connection, rows)

    async def _stored_by(self, connection: AsyncConnection, rows: Sequence[DecidedScan]) -> list[bool]:
        devices = {row.device_id for row in rows}
        while True:
            if not devices <= self._with_intake:
                await connection.execute(sql("ksdb.gateway", "make_intakes"), {"devices": list(devices)})
                self._with_intake |= devices
            stored = _stored_in_steps if self._is_spread else _stored_at_once
            devices_known, places_before = await stored(connection, rows, devices)
            if devices_known == len(devices):
                kept = await self._copies(connection, rows, places_before)
                return _is_new(len(rows), set(places_before).difference(kept))
            self._with_intake.clear()  # somebody removed rows; nothing was stored

    async def _copies(
        self, connection: AsyncConnection, rows: Sequence[DecidedScan], places_before: Sequence[int]
    ) -> Sequence[int]:
        """Nothing to ask when all is new, which is the rule; a spread log does not answer this."""
        if not places_before or self._is_spread:
            return []
        return await _copies_kept(connection, rows, places_before)

    async def _drop(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


async def _stored_at_once(
    connection: AsyncConnection, rows: Sequence[DecidedScan], devices: set[int]
) -> tuple[int, Sequence[int]]:
    cursor = await connection.execute(sql("ksdb.gateway", "store_scans"), _columns(rows, devices), prepare=True)
    answer = await cursor.fetchone()
    assert answer is not None  # noqa: S101 - the statement always has one row
    return answer[0], answer[1]


async def _stored_in_steps(
    connection: AsyncConnection, rows: Sequence[DecidedScan], devices: set[int]
) -> tuple[int, Sequence[int]]:
    """The same in one transaction of several statements, for a log that is spread over servers."""
    async with connection.transaction():
        cursor = await connection.execute(sql("ksdb.gateway", "lock_intakes"), _columns(rows, devices), prepare=True)
        answer = await cursor.fetchone()
        assert answer is not None  # noqa: S101 - the statement always has one row
        devices_known, places_before = answer
        before = set(places_before)
        fresh = [row for place, row in enumerate(rows, 1) if place not in before]
        if fresh and devices_known == len(devices):
            columns = _columns(fresh, devices)
            await connection.execute(sql("ksdb.gateway", "put_visits"), columns, prepare=True)
            await connection.execute(sql("ksdb.gateway", "put_foreign_scans"), columns, prepare=True)
            await connection.execute(sql("ksdb.gateway", "put_refusals"), columns, prepare=True)
            await connection.execute(sql("ksdb.gateway", "note_intakes"), columns, prepare=True)
    return devices_known, places_before


async def _is_spread(connection: AsyncConnection) -> bool:
    for name in ("has_citus", "is_spread"):
        cursor = await connection.execute(sql("ksdb.gateway", name))
        answer = await cursor.fetchone()
        if not (answer and answer[0]):
            return False
    return True


async def _copies_kept(
    connection: AsyncConnection, rows: Sequence[DecidedScan], places_before: Sequence[int]
) -> Sequence[int]:
    """The places of other scans that came under used numbers: two devices are copies of each other."""
    scans = [{"place": place, **rows[place - 1]._asdict()} for place in places_before]
    asked = {"scans": msgspec.json.encode([scan for scan in scans if ScanResult(scan["result"]).is_visit]).decode()}
    cursor = await connection.execute(sql("ksdb.gateway", "keep_copies"), asked, prepare=True)
    answer = await cursor.fetchone()
    assert answer is not None  # noqa: S101 - the statement always has one row
    return list(answer[0])


def _without_old(group: list[_Job], writer: Writer) -> list[_Job]:
    kept = []
    for job in group:
        if writer.is_too_old(job):
            job.fail(DatabaseAway())
        else:
            kept.append(job)
    return kept


def _answer(group: list[_Job], is_new: list[bool]) -> None:
    start = 0
    for job in group:
        end = start + len(job.rows)
        job.answer(is_new[start:end])
        start = end


def _is_new(count: int, places_before: Collection[int]) -> list[bool]:
    is_new = [True] * count
    for place in places_before:
        is_new[place - 1] = False
    return is_new


def _columns(rows: Sequence[DecidedScan], devices: set[int]) -> dict[str, str]:
    """The batch as array literals: measured at a third of the cost of psycopg's own arrays, in both processes."""
    columns = {name: _array(values) for name, values in zip(DecidedScan._fields, zip(*rows, strict=True), strict=True)}
    columns["devices"] = _array(tuple(devices))
    return columns


def _array(values: tuple[int | str | None, ...]) -> str:
    return "{" + ",".join(map(str, values)).replace("None", "NULL") + "}"


def _days_of(rows: Sequence[DecidedScan]) -> list[date]:
    visits = {row.scanned_ms for row in rows if row.scanned_ms is not None and ScanResult(row.result).is_visit}
    return sorted({day_of(from_ms(ms)) for ms in visits | {row.received_ms for row in rows}})
