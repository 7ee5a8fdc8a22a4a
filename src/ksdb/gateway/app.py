"""The gateway as an ASGI application: its routes, its life, and how it says no."""

import asyncio
import gc
import hmac
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from ksdb.config import Settings, settings
from ksdb.core.addresses import networks
from ksdb.core.clock import now_ms
from ksdb.core.errors import KsdbError
from ksdb.gateway.answers import HEADERS as _HEADERS
from ksdb.gateway.answers import json_answer as _json
from ksdb.gateway.answers import refusal as _refusal
from ksdb.gateway.body import whole_body
from ksdb.gateway.enrolment import DeviceDesk, GuessLimit, PointSettings, asked_enrolment, asked_from
from ksdb.gateway.errors import DatabaseAway, GatewayError
from ksdb.gateway.gate import Gate
from ksdb.gateway.intake import Rules, authenticated
from ksdb.gateway.known import Device, Known
from ksdb.gateway.limits import OwnBuckets, RequestLimit, SharedBuckets
from ksdb.gateway.lists import Answer, wanted_serial
from ksdb.gateway.metrics import HAND_OVER_SECONDS, Metrics, shared_requests
from ksdb.gateway.pages import page_routes
from ksdb.gateway.refresh import Refresher
from ksdb.gateway.scan_door import ScanDoor
from ksdb.gateway.states import States
from ksdb.gateway.writer import Writer
from ksdb.postgres.named import sql
from ksdb.postgres.pool import CONNECT_SECONDS, hanging_up_after, pool

_log = logging.getLogger(__name__)

START_SECONDS = 60.0
"""How long a starting gateway waits for the database before it gives up."""

HEALTH_SECONDS = 2.0
SCANS = "/v1/scans"
HEARD_SECONDS = 0.3
"""In which every gateway hears of a new device or token, before the device uses it at another one."""


class Gateway:
    """What the routes share: made when the application starts, and gone with it."""

    def __init__(self, ours: Settings, url: str) -> None:
        self.rules = Rules(timedelta(days=ours.retention_days), timedelta(seconds=ours.future_tolerance_seconds))
        self.known = Known()
        self.refresher = Refresher(url, self.known, ours.database_patience_seconds)
        self.writer = Writer(url, patience_seconds=ours.database_patience_seconds)
        self.pool: AsyncConnectionPool = pool(url, "gateway", 2)
        self.request_seconds = ours.request_seconds
        shared = shared_requests()
        buckets = SharedBuckets(shared) if shared else OwnBuckets()
        self.limit = RequestLimit(ours.device_requests_per_second, ours.device_requests_at_once, buckets)
        self.gate = Gate(self.writer)
        self.states = States(self.pool)
        self.desk = DeviceDesk(self.pool, ours.foreign_key(), ours.root_point())
        self.points = PointSettings(self.desk, ours.point_seconds)
        self.guesses = GuessLimit()
        self.proxies = networks(ours.proxies)
        self.metrics = Metrics()
        self.metrics_token = ours.metrics_token
        self.guides_address = ours.guides_address

    @asynccontextmanager
    async def living(self) -> AsyncIterator["Gateway"]:
        news = asyncio.create_task(self.refresher.run())
        try:
            await self._loaded(news)
            # Requests make no cycles; at the usual threshold the collector took 6 % of the time looking for some.
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 20)
            async with self.pool:
                self.writer.start()
                tasks = [asyncio.create_task(each) for each in (self.states.run(), self.gate.run(), self._tell())]
                yield self
                await self.writer.close()
                for task in tasks:
                    task.cancel()
                await asyncio.wait(tasks)
                await self.states.write()
                self.metrics.hand_over(**self.gauges())
        finally:
            news.cancel()
            await asyncio.wait([news])

    async def _tell(self) -> None:
        """Hands over what was counted, so that whichever process is asked for the figures has those of all."""
        while True:
            await asyncio.sleep(HAND_OVER_SECONDS)
            self.metrics.hand_over(**self.gauges())

    async def _loaded(self, news: asyncio.Task[None]) -> None:
        async with asyncio.timeout(START_SECONDS):
            while not self.refresher.is_loaded:
                if news.done():
                    await news  # raises what ended it
                await asyncio.sleep(0.01)

    async def device_of(self, headers: Mapping[bytes, bytes]) -> Device:
        """Who asks, within its limit. Raises DeviceUnknown, DeviceRevoked, TooOften."""
        device = authenticated(headers.get(b"authorization", b""), self.known)
        self.limit.spend(device.id)
        if device.offered_sha256 is not None:
            await self.desk.settle(device)
        return device

    async def cards_numbered(self, numbers: list[str]) -> dict[str, int]:
        """The card index of each number that a card has. The one read a scan can cost, when a code was torn."""
        try:
            async with self.pool.connection() as connection:
                with hanging_up_after(connection, CONNECT_SECONDS):
                    cursor = await connection.execute(sql("ksdb.gateway", "cards_numbered"), {"numbers": numbers})
                return dict(await cursor.fetchall())
        except (psycopg.Error, PoolTimeout, OSError) as error:
            raise DatabaseAway from error

    def gauges(self) -> dict[str, float]:
        return {
            "waiting": self.writer.waiting_count,
            "known_age": self.refresher.age_seconds(),
            "cards": self.known.cards.count(),
            "lag": self.gate.lag_seconds,
        }

    async def answers(self) -> bool:
        """Whether the database does."""
        try:
            async with self.pool.connection(timeout=HEALTH_SECONDS) as connection:
                with hanging_up_after(connection, HEALTH_SECONDS):
                    await connection.execute("SELECT 1")
        except (psycopg.Error, PoolTimeout, OSError):
            return False
        return True


async def enrol(gateway: "Gateway", request: Request) -> Response:
    """Lets a device in with a code. The answer waits until the other gateways have heard of the device, too."""
    headers = dict(request.scope["headers"])
    address = asked_from(request.scope, headers, gateway.proxies)
    gateway.guesses.spend(address)
    await gateway.desk.spend_guess(address)
    enrolled = await gateway.desk.enrol(
        asked_enrolment(await whole_body(headers, request.receive, gateway.request_seconds))
    )
    gateway.guesses.give_back(address)
    await gateway.desk.give_back_guess(address)
    gateway.known.learn_device(enrolled.token.encode(), Device(enrolled.device_id, enrolled.point.id, is_revoked=False))
    await asyncio.sleep(HEARD_SECONDS)
    return _json(enrolled, 200)


async def rotate(gateway: "Gateway", request: Request) -> Response:
    """A new token for the device; the one it came with works until the new one is used."""
    offered = await gateway.desk.offer(await gateway.device_of(dict(request.scope["headers"])))
    await asyncio.sleep(HEARD_SECONDS)
    return _json(offered, 200)


async def point(gateway: "Gateway", request: Request) -> Response:
    """The settings of the device's point, or 304 for whoever has them already."""
    device = await gateway.device_of(dict(request.scope["headers"]))
    gateway.gate.require_calm()
    gateway.states.hear(device)
    content, etag = await gateway.points.of(device.point_id)
    headers = {**_HEADERS, "etag": etag, "cache-control": "private, no-cache"}
    if headers["etag"] in request.headers.get("if-none-match", ""):
        return Response(None, 304, headers)
    return Response(content, 200, headers, "application/json")


async def metrics(gateway: "Gateway", request: Request) -> Response:
    """For whoever holds the token; where none is set, for nobody."""
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if not gateway.metrics_token or not hmac.compare_digest(given.encode(), gateway.metrics_token.encode()):
        raise HTTPException(401)
    return Response(gateway.metrics.text(**gateway.gauges()), 200, _HEADERS, "text/plain; version=0.0.4")


async def health(gateway: "Gateway", _request: Request) -> Response:
    is_up = gateway.writer.is_working and await gateway.answers()
    state = {
        "status": "ok" if is_up else "database_away",
        "known_age_seconds": round(gateway.refresher.age_seconds(), 1),
        "cards_known": gateway.known.cards.count(),
        "status_list_serial": gateway.known.lists.status_serial,
        "trust_list_serial": gateway.known.lists.trust_serial,
        "waiting_count": gateway.writer.waiting_count,
    }
    return _json(state, 200 if is_up else 503)


async def trust_list(gateway: "Gateway", request: Request) -> Response:
    """The newest trust list, as the root signed it."""
    _device(gateway, request)
    return _list(gateway.known.lists.trust_list(), request)


async def status_list(gateway: "Gateway", request: Request) -> Response:
    """The newest status list; with `?since=`, what changed since that serial, where that is known and shorter."""
    _device(gateway, request)
    return _list(gateway.known.lists.status_list(wanted_serial(request.query_params.get("since"))), request)


def _device(gateway: "Gateway", request: Request) -> None:
    device = authenticated(request.headers.get("authorization", "").encode("latin-1"), gateway.known)
    gateway.limit.spend(device.id)
    gateway.gate.require_calm()
    gateway.states.hear(device)


def _list(answer: Answer, request: Request) -> Response:
    # By which a device learns how its clock differs: it asks this more often than it uploads.
    said = {"etag": answer.etag, "ksdb-now-ms": str(now_ms())}
    headers = {**_HEADERS, "cache-control": "private, no-cache", **said}
    if answer.content is None or answer.is_matched_by(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(answer.content, 200, headers, answer.media_type)


async def _own_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, GatewayError)  # noqa: S101 - registered for nothing else
    return _refusal(error)


async def _http_refusal(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for nothing else
    return _json({"error": f"http_{error.status_code}", "message": error.detail}, error.status_code, error.headers)


async def _fault(_request: Request, _error: Exception) -> Response:
    return _refusal(KsdbError())


_HANDLERS = {HTTPException: _http_refusal, GatewayError: _own_refusal, Exception: _fault}


class Application(Starlette):
    """Starlette, with the way of scans laid round it: its stack of middleware took a tenth of a scan's time."""

    gateway: Gateway
    scan_door: ScanDoor | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == SCANS and scope["method"] == "POST" and self.scan_door:
            await self.scan_door(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def make_application(ours: Settings | None = None) -> Application:
    """The application; it touches no database before it starts."""

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        known_settings = ours or settings()
        async with Gateway(known_settings, _url(known_settings)).living() as gateway:
            assert isinstance(app, Application)  # noqa: S101 - made below
            app.router.routes[:] = _routes(gateway)
            app.gateway, app.scan_door = gateway, ScanDoor(gateway)
            yield

    return Application(lifespan=life, exception_handlers=_HANDLERS)


def _routes(gateway: Gateway) -> list[Route]:
    return [
        Route(SCANS, ScanDoor(gateway), methods=["POST"]),
        Route("/v1/enrol", partial(enrol, gateway), methods=["POST"]),
        Route("/v1/rotate", partial(rotate, gateway), methods=["POST"]),
        Route("/v1/point", partial(point, gateway), methods=["GET"]),
        Route("/v1/trust-list", partial(trust_list, gateway), methods=["GET"]),
        Route("/v1/status-list", partial(status_list, gateway), methods=["GET"]),
        Route("/metrics", partial(metrics, gateway), methods=["GET"]),
        Route("/health", partial(health, gateway), methods=["GET"]),
        *page_routes(gateway.guides_address),
    ]


def _url(ours: Settings) -> str:
    if ours.gateway_url:
        return ours.gateway_url
    from ksdb.postgres.server import database_url

    return database_url(ours)


application = make_application()
