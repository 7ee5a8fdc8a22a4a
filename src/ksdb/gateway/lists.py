"""The lists that devices fetch, as they were published: the gateway hands them on and can sign neither."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from ksdb.core.status_list import KIND as STATUS_LIST_TYPE
from ksdb.core.status_list import coded_delta, merged
from ksdb.gateway.errors import BodyUnreadable, ListMissing

TRUST_LIST_TYPE: Final = 'application/cose; cose-type="cose-sign1"'
DELTA_TYPE: Final = "application/vnd.ksdb.status-delta+cbor"
MOST_REMEMBERED: Final = 20_000
"""Differences kept, each a few hundred bytes: a week at one every half minute."""
_MOST_SERIAL: Final = 2**63 - 1

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device is told; no content when it has everything already."""

    etag: str
    content: bytes | None
    media_type: str = ""

    def is_matched_by(self, if_none_match: str) -> bool:
        named = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return self.etag in named or "*" in named


class Lists:
    """The newest trust list, the newest status list, and the differences that led to it. Serials only grow."""

    def __init__(self) -> None:
        self.trust_serial = 0
        self.status_serial = 0
        self._trust = b""
        self._token = b""
        self._head = b""
        self._changes: dict[int, bytes] = {}
        self._deltas: dict[int, bytes] = {}

    def learn_trust_list(self, rows: Sequence[tuple[Any, ...]]) -> None:
        for serial, signed in rows:
            if serial < self.trust_serial:
                _log.error("the database has trust list %s, older than %s: kept the newer", serial, self.trust_serial)
            else:
                self.trust_serial, self._trust = serial, bytes(signed)

    def learn_status_lists(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Takes in the lists from the newest known on, oldest first."""
        if self.status_serial and not any(serial == self.status_serial for serial, *_ in rows):
            # A restored backup: what led here is not what the database remembers, so nobody gets a difference.
            self._changes.clear()
        for serial, changes, head, token in rows:
            if serial <= self.status_serial:
                continue
            self._changes[serial] = bytes(changes)
            if token is not None:
                self.status_serial, self._head, self._token = serial, bytes(head), bytes(token)
        self._deltas.clear()
        for serial in sorted(self._changes)[:-MOST_REMEMBERED]:
            del self._changes[serial]

    def trust_list(self) -> Answer:
        if not self._trust:
            raise ListMissing
        return Answer(f'"{self.trust_serial}"', self._trust, TRUST_LIST_TYPE)

    def status_list(self, since: int | None = None) -> Answer:
        """The whole list, or the way from `since` to it where that is remembered and shorter.

        A device that is ahead of us (another gateway told it more) keeps what it has.
        """
        if not self._token:
            raise ListMissing
        etag = f'"{self.status_serial}"'
        if since is not None and since >= self.status_serial:
            return Answer(etag, None)
        delta = self._delta(since) if since in self._changes else None
        if delta is not None and len(delta) < len(self._token):
            return Answer(etag, delta, DELTA_TYPE)
        return Answer(etag, self._token, STATUS_LIST_TYPE)

    def _delta(self, since: int | None) -> bytes | None:
        """Made once for all devices that ask from the same serial."""
        if since is None:
            return None
        if since not in self._deltas:
            parts = [changes for serial, changes in sorted(self._changes.items()) if serial > since]
            self._deltas[since] = coded_delta(self._head, merged(parts))
        return self._deltas[since]


def wanted_serial(text: str | None) -> int | None:
    """The serial of `?since=`. Raises BodyUnreadable."""
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _MOST_SERIAL):
        raise BodyUnreadable("since is the serial of a status list.")
    return int(text)
