"""A device's life at the door: let in by a code, given a new token, told about its point."""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec
import psycopg
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ksdb.core.addresses import Network, address_in, client_of, is_in, network_of
from ksdb.core.ids import digits_of, is_card_number
from ksdb.core.trust_list import root_id_of
from ksdb.gateway.errors import BodyUnreadable, CodeMistyped, CodeUnknown, DatabaseAway, DeviceRevoked, TooManyGuesses
from ksdb.gateway.known import Device
from ksdb.postgres.named import sql
from ksdb.postgres.pool import CONNECT_SECONDS, hanging_up_after

MOST_NAME: Final = 80
LEAST_NONCE: Final = 22
"""128 bits in base64."""
MOST_ADDRESSES: Final = 10_000
"""Remembered guessers; beyond them the one longest unheard is forgotten."""


class Enrolment(msgspec.Struct, frozen=True):
    """The body of `POST /v1/enrol`: the twelve digits of a code, with spaces or without, and a name for the device.

    `nonce` is a random text of the device's own, the same in each try: by it a lost answer is asked for again.
    """

    code: Annotated[str, msgspec.Meta(max_length=40)]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    nonce: Annotated[str, msgspec.Meta(max_length=100)] = ""


class ForeignKey(msgspec.Struct, frozen=True):
    """Under which the numbers in other systems' codes are hashed on the device: HMAC-SHA-256, its first 16 bytes."""

    version: int
    key: str


class Point(msgspec.Struct, frozen=True):
    """What a device is told of where it stands. Times as `HH:MM`, of the province."""

    id: int
    name: str
    type: str
    opens_at: str
    closes_at: str
    usual_stay_minutes: int
    capacity: int | None
    lanes: int
    is_exit_scanned: bool
    foreign_key: ForeignKey | None


class Root(msgspec.Struct, frozen=True):
    """Whose trust lists the device is to believe, and no other's: a point in hex, and the name that people compare."""

    public_key: str
    fingerprint: str


class Enrolled(msgspec.Struct, frozen=True):
    """The answer to a good code. The token is told this once; every later request carries it."""

    device_id: int
    token: str
    point: Point
    root: Root | None


class NewToken(msgspec.Struct, frozen=True):
    """The answer to `POST /v1/rotate`. The token until now works until this one is first used."""

    token: str


_decoder = msgspec.json.Decoder(Enrolment)


@dataclass
class _Bucket:
    """So many tries a minute on average, and `burst` at once."""

    per_minute: float
    burst: float
    left: float = 0
    since: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.left = self.burst

    def spend(self) -> bool:
        at = time.monotonic()
        self.left = min(self.burst, self.left + (at - self.since) * self.per_minute / 60)
        self.since = at
        if self.left < 1:
            return False
        self.left -= 1
        return True


PER_MINUTE: Final = 2
BURST: Final = 10
ALL_PER_MINUTE: Final = 60
"""Guesses at codes, of one network and of all together. A code is one of 10^10: with a thousand open and everybody
guessing as fast as this lets them, one is found in about four months, and each lives for a day."""


class GuessLimit:
    """The first wall before codes, in this process: a flood of guesses reaches no database.

    What counts is the count that all gateways share there (`DeviceDesk.spend_guess`).
    """

    def __init__(
        self, per_minute: float = PER_MINUTE, burst: float = BURST, all_per_minute: float = ALL_PER_MINUTE
    ) -> None:
        self._each = (per_minute, burst)
        self._all = _Bucket(all_per_minute, all_per_minute)
        self._addresses: OrderedDict[str, _Bucket] = OrderedDict()

    def spend(self, address: str) -> None:
        """Raises TooManyGuesses. Who is refused for the own address takes nothing from the others."""
        bucket = self._addresses.pop(address, None) or _Bucket(*self._each)
        self._addresses[address] = bucket
        if len(self._addresses) > MOST_ADDRESSES:
            self._addresses.popitem(last=False)
        if not bucket.spend() or not self._all.spend():
            raise TooManyGuesses

    def give_back(self, address: str) -> None:
        self._all.left += 1
        if address in self._addresses:
            self._addresses[address].left += 1


def asked_from(scope: Mapping[str, Any], headers: Mapping[bytes, bytes], proxies: list[Network]) -> str:
    """The network that counts as one guesser; what a proxy says is believed of a listed one alone."""
    peer = address_in((scope.get("client") or ("",))[0])
    if peer is None:
        return ""
    if is_in(peer, proxies):
        peer = client_of(peer, headers.get(b"x-forwarded-for", b"").decode("latin-1"), proxies)
    return network_of(str(peer))


def asked_enrolment(body: bytes) -> Enrolment:
    """The code's digits and a name that can be shown. Raises BodyUnreadable, CodeMistyped."""
    try:
        given = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BodyUnreadable("It takes a code and a name.") from error
    digits = digits_of(given.code)
    if not is_card_number(digits):
        raise CodeMistyped
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in given.name).split())
    return Enrolment(digits, name[:MOST_NAME], given.nonce)


class DeviceDesk:
    """The statements behind the three routes; what they write they write by the owner's functions."""

    def __init__(
        self, pool: AsyncConnectionPool, foreign_key: tuple[int, bytes] | None, root: bytes | None = None
    ) -> None:
        self._pool = pool
        self._root = Root(root.hex(), root_id_of(root).hex()) if root else None
        self._foreign_key = ForeignKey(foreign_key[0], foreign_key[1].hex()) if foreign_key else None

    async def enrol(self, asked: Enrolment) -> Enrolled:
        """Raises CodeUnknown, whatever is wrong with the code."""
        token = secrets.token_urlsafe(32)
        hashes = {"code": _sha256(asked.code), "token": _sha256(token), "name": asked.name, "nonce": _nonce(asked)}
        rows = await self._rows("redeem_code", hashes)
        if not rows:
            raise CodeUnknown
        return Enrolled(rows[0]["device_id"], token, await self.point(rows[0]["point_id"]), self._root)

    async def spend_guess(self, address: str) -> None:
        """Raises TooManyGuesses when the network, or all together, guessed too often, at whichever gateway."""
        limits = {"per_minute": PER_MINUTE, "burst": BURST, "all_per_minute": ALL_PER_MINUTE}
        rows = await self._rows("spend_guess", {"network": _sha256(address), **limits})
        if not rows[0]["is_allowed"]:
            raise TooManyGuesses

    async def give_back_guess(self, address: str) -> None:
        await self._rows("give_back_guess", {"network": _sha256(address)})

    async def offer(self, device: Device) -> NewToken:
        token = secrets.token_urlsafe(32)
        rows = await self._rows("offer_token", {"device": device.id, "next": _sha256(token)})
        if not rows[0]["is_done"]:
            raise DeviceRevoked
        return NewToken(token)

    async def settle(self, device: Device) -> None:
        """The device used its new token: the old one ends."""
        await self._rows("settle_token", {"device": device.id, "next": device.offered_sha256})

    async def point(self, point_id: int) -> Point:
        (row,) = await self._rows("point_settings", {"point": point_id})
        return Point(foreign_key=self._foreign_key, **row)

    async def _rows(self, name: str, parameters: Mapping[str, object]) -> list[dict[str, Any]]:
        try:
            async with self._pool.connection() as connection:
                cursor = connection.cursor(row_factory=dict_row)
                with hanging_up_after(connection, CONNECT_SECONDS):
                    await cursor.execute(sql("ksdb.gateway", name), parameters)
                return await cursor.fetchall()
        except (psycopg.Error, PoolTimeout, OSError) as error:
            raise DatabaseAway from error


class PointSettings:
    """The answer to `GET /v1/point` for each point, as JSON with its ETag: kept for some seconds, as devices ask often.

    While the database is away, devices are told what was known.
    """

    def __init__(self, desk: DeviceDesk, seconds: float) -> None:
        self._desk, self._seconds = desk, seconds
        self._kept: dict[int, tuple[float, bytes, str]] = {}

    async def of(self, point_id: int) -> tuple[bytes, str]:
        until, content, etag = self._kept.get(point_id, (0.0, b"", ""))
        if until < time.monotonic():
            try:
                content = msgspec.json.encode(await self._desk.point(point_id))
            except DatabaseAway:
                if not content:
                    raise
            etag = etag_of(content)
            self._kept[point_id] = (time.monotonic() + self._seconds, content, etag)
        return content, etag


def _nonce(asked: Enrolment) -> bytes | None:
    """Its hash; a short one could be guessed, and counts as none."""
    return _sha256(asked.nonce) if len(asked.nonce) >= LEAST_NONCE else None


def etag_of(content: bytes) -> str:
    return f'"{hashlib.sha256(content).hexdigest()[:24]}"'


def _sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
