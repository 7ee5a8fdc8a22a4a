"""Each scan once: with writers side by side, with clients that go, with a queue that is full, with no database."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.gateway.town import LAN, MARKET, Town, now_ms, resident_of

from ksdb.gateway.errors import Busy, Closing, DatabaseAway
from ksdb.gateway.intake import DecidedScan
from ksdb.gateway.writer import Writer
from ksdb.postgres.named import queries_in

pytestmark = pytest.mark.django_db
NOWHERE = "host=127.0.0.1 port=1 dbname=none user=none"


def row(device_id: int, sequence: int, result: int = 1) -> DecidedScan:
    at = now_ms()
    return DecidedScan(device_id, sequence, MARKET, at, at, result, LAN, resident_of(LAN), is_exit=False)


def run(url: str, work: Callable[[Writer], Coroutine[Any, Any, None]], most_waiting: int = 20_000) -> None:
    async def main() -> None:
        writer = Writer(url, most_waiting)
        writer.start()
        await work(writer)
        await writer.close()
        assert writer.waiting_count == 0

    asyncio.run(main())


async def hammer(writer: Writer, seed: int, uploads: list[list[DecidedScan]]) -> int:
    """Sends all uploads in an order of its own, many at a time; returns how many scans were new."""
    mine = uploads[:]
    random.Random(seed).shuffle(mine)
    answers = await asyncio.gather(*(writer.store(upload) for upload in mine))
    return sum(sum(answer) for answer in answers)


@pytest.fixture(params=["at once", "in steps"])
def way(request: pytest.FixtureRequest, town: Town) -> str:
    """Both ways of storing: the second is for a log spread over servers, and correct on one server too.

    What the writer asks to know which one to take is whether there is an extension of that name.
    """
    if request.param == "in steps":
        town.rows("UPDATE pg_extension SET extname = 'citus' WHERE extname = 'plpgsql'")
        request.addfinalizer(lambda: undo(town))  # noqa: PT021 - only for one of the two
    return str(request.param)


def undo(town: Town) -> None:
    town.rows("UPDATE pg_extension SET extname = 'plpgsql' WHERE extname = 'citus'")


@pytest.mark.usefixtures("way")
def test_two_writers_with_the_same_scans_store_each_once(town: Town) -> None:
    devices, sequences = 12, 60
    every = [
        row(device, n, result=1 if n % 5 else 26) for n in range(1, sequences + 1) for device in range(1, devices + 1)
    ]
    uploads = [every[start : start + 9] for start in range(0, len(every), 4)]  # overlapping: within and between

    async def both() -> None:
        writers = [Writer(town.url) for _ in range(3)]
        for each in writers:
            each.start()
        new = await asyncio.gather(*(hammer(each, seed, uploads) for seed, each in enumerate(writers)))
        await asyncio.gather(*(each.close() for each in writers))
        assert sum(new) == devices * sequences

    asyncio.run(both())
    stored = [(device, sequence) for device, sequence, *_ in town.visits() + town.refusals()]
    assert sorted(stored) == sorted({(each.device_id, each.sequence) for each in every})
    assert town.rows("SELECT DISTINCT received::text FROM device_intake") == [(f"{{[1,{sequences + 1})}}",)]


@pytest.mark.usefixtures("way")
def test_both_ways_of_storing_write_the_same(town: Town) -> None:
    """A visit, a corrected clock, another system's code, a refusal without a time, a day nobody made, a twin."""
    at = now_ms()
    old = at - 20 * 86_400_000
    rows = [
        row(1, 1)._replace(scanned_ms=at),
        row(1, 2)._replace(scanned_ms=at, claimed_ms=at + 5, marks=4),
        row(1, 3)._replace(scanned_ms=at, marks=2, card_index=None, foreign_kind=5, foreign_key="ab" * 16),
        row(1, 4, result=21)._replace(scanned_ms=None, card_index=None),
        row(1, 5)._replace(scanned_ms=old, is_exit=True),
        row(1, 1)._replace(scanned_ms=at + 1),
    ]

    async def work(writer: Writer) -> None:
        assert await writer.store(rows) == [True] * 5 + [False]
        assert await writer.store(rows[:3]) == [False] * 3

    run(town.url, work)
    ms = "(extract(epoch FROM {}) * 1000)::bigint"
    told = town.rows(
        f"SELECT sequence, {ms.format('scanned_at')}, {ms.format('claimed_at')}, marks, card_index, is_exit "  # noqa: S608
        "FROM visit ORDER BY 1"
    )
    assert told == [
        (1, at, None, 0, LAN, False),
        (2, at, at + 5, 4, LAN, False),
        (3, at, None, 2, None, False),
        (5, old, None, 0, LAN, True),
    ]
    assert town.rows("SELECT sequence, kind, encode(id_key, 'hex') FROM foreign_scan") == [(3, 5, "ab" * 16)]
    assert town.rows("SELECT sequence, scanned_at, reason FROM refusal") == [(4, None, 21)]
    assert town.rows("SELECT received::text FROM device_intake") == [("{[1,6)}",)]


def test_a_client_that_goes_loses_and_doubles_nothing(town: Town) -> None:
    async def work(writer: Writer) -> None:
        tasks = [asyncio.create_task(writer.store([row(1, n)])) for n in range(1, 51)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(await writer.store([row(1, n) for n in range(1, 61)])) == 10

    run(town.url, work)
    assert [visit[1] for visit in town.visits()] == list(range(1, 61))


def test_beyond_the_queue_it_is_busy(town: Town) -> None:
    async def work(writer: Writer) -> None:
        waiting = [asyncio.create_task(writer.store([row(1, n), row(1, n + 1)])) for n in range(1, 9, 2)]
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await writer.store([row(1, 9), row(1, 10), row(1, 11)])
        assert await asyncio.gather(*waiting) == [[True, True]] * 4
        assert await writer.store([row(1, 9)]) == [True]

    run(town.url, work, most_waiting=10)


def test_whoever_stands_at_a_door_goes_first(town: Town) -> None:
    """Half full, it sends away what devices kept while they were offline, and takes single scans until it is full."""

    async def work(writer: Writer) -> None:
        waiting = asyncio.create_task(writer.store([row(1, n) for n in range(1, 7)]))
        await asyncio.sleep(0)
        assert writer.is_half_full is False
        with pytest.raises(Busy):
            await writer.store([row(1, n) for n in range(7, 13)])
        assert await writer.store([row(1, 7)]) == [True]
        assert all(await waiting)

    run(town.url, work, most_waiting=20)


def test_closing_stores_what_waits_and_takes_no_more(town: Town) -> None:
    async def work(writer: Writer) -> None:
        waiting = asyncio.create_task(writer.store([row(1, 1)]))
        await asyncio.sleep(0)
        closing = asyncio.create_task(writer.close())
        await asyncio.sleep(0)
        with pytest.raises(Closing):
            await writer.store([row(1, 2)])
        await closing
        assert await waiting == [True]

    run(town.url, work)


def test_without_a_database_scans_are_given_back() -> None:
    async def work(writer: Writer) -> None:
        writer.patience_seconds = 0.3
        answers = await asyncio.gather(*(writer.store([row(1, n)]) for n in range(5)), return_exceptions=True)
        assert [type(answer) for answer in answers] == [DatabaseAway] * 5

    run(NOWHERE, work)


def test_a_connection_that_is_cut_is_made_again(town: Town) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'ksdb gateway writer'"

    async def work(writer: Writer) -> None:
        for n in range(1, 4):
            assert await writer.store([row(1, n)]) == [True]
            await asyncio.to_thread(town.rows, cut)

    run(town.url, work)
    assert len(town.visits()) == 3


def test_storing_looks_nothing_up_by_scanning_the_log(town: Town) -> None:
    statement = queries_in("ksdb.gateway")["store_scans"].text
    assert "FROM visit" not in statement
    assert "FROM refusal" not in statement
