"""Reading a request's body, no more of it and no longer than we said."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from ksdb.gateway.errors import BodyTooLarge, BodyTooSlow, BodyUnreadable

MOST_BYTES: Final = 512 * 1024
_MOST_DRAINED: Final = 8 * MOST_BYTES
"""A client that is still sending does not read our answer; so much we let it send to nobody before we hang up."""


async def whole_body(headers: Mapping[bytes, bytes], receive: Receive, seconds: float) -> bytes:
    """The body. Raises BodyTooLarge, by what is announced or by what is sent, BodyTooSlow, and ClientDisconnect.

    Half a megabyte in ten seconds is 52 kB a second; a device on a worse line sends fewer scans at a time.
    """
    announced = headers.get(b"content-length", b"0")
    if not announced.isdigit():
        raise BodyUnreadable
    if int(announced) > _MOST_DRAINED:
        raise BodyTooLarge
    try:
        async with asyncio.timeout(seconds):
            parts, count = await _read(receive)
    except TimeoutError as error:
        raise BodyTooSlow from error
    if count > MOST_BYTES or int(announced) > MOST_BYTES:
        raise BodyTooLarge
    return b"".join(parts)


async def _read(receive: Receive) -> tuple[list[bytes], int]:
    """What was sent up to the limit, and how much it was in all."""
    parts: list[bytes] = []
    count = 0
    async for part in _parts(receive):
        count += len(part)
        if count > _MOST_DRAINED:
            break
        if count <= MOST_BYTES:
            parts.append(part)
    return parts, count


async def _parts(receive: Receive) -> AsyncIterator[bytes]:
    is_more = True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        yield message.get("body", b"")
        is_more = message.get("more_body", False)
