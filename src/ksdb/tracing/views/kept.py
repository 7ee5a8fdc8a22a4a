"""A line list that was looked at, carried by the page itself until it is brought in: signed, packed, for an hour."""

from typing import Any, Final

import msgspec
from django.core import signing

from ksdb.tracing.linelist import ReadList
from ksdb.web.requires import ScopedRequest

LASTS: Final = 60 * 60
MOST_KEPT: Final = 1_500_000
"""Characters; ten thousand rows are a fifth of it. What is longer is sent again."""


class SeenList(msgspec.Struct, frozen=True):
    """What was read, for which division, by which profile."""

    read: ReadList
    division_id: int
    profile: str


def packed(request: ScopedRequest, seen: SeenList) -> str:
    """For the page; empty where it is too long."""
    text = signing.dumps(msgspec.json.encode(seen).decode(), salt=_salt(request), compress=True)
    return text if len(text) <= MOST_KEPT else ""


def unpacked(request: ScopedRequest) -> SeenList | None:
    """What the page gives back; None where it is not this account's, or too old."""
    try:
        text: Any = signing.loads(request.POST.get("kept", ""), salt=_salt(request), max_age=LASTS)
    except signing.BadSignature:
        return None
    return msgspec.json.decode(text, type=SeenList)


def _salt(request: ScopedRequest) -> str:
    return f"ksdb.tracing.line_list.{request.scope.actor_id}"
