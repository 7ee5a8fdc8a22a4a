"""What a link of the audit chain is: the bytes that are hashed, the hash, and the faults that show when it is followed.

The hash of a link is HMAC-SHA-256, with the secret `audit_key`, of the ASCII text that `json.dumps` gives, with sorted
keys, no spaces and everything beyond ASCII escaped, for the list

    [1, position, hash of the previous link in hexadecimal, entry number, microseconds since 1970, account number,
     sign-in name, action, subject, subject number, purpose, case number, address, detail]

where 1 is the version of this format, numbers and the address may be null, and detail is the stored JSON object. The
first link has position 1, and 32 zero bytes as its previous hash. Everything is taken as the database gives it back,
never as it was meant to be written. Who can write to the database but does not have the key can remove entries, but
neither make a chain without them nor alter one and leave the chain whole.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

import msgspec

VERSION = 1
NO_HASH = bytes(32)
Json = int | str | None


class Head(NamedTuple):
    """Where the chain ends."""

    position: int
    hash: bytes


START = Head(0, NO_HASH)


class Content(NamedTuple):
    """An entry as the queries of this room give it for hashing; `detail` is its JSON text."""

    id: int
    at_us: int
    actor_id: int | None
    actor_name: str
    action: str
    subject: str
    subject_id: int | None
    purpose: str
    case_id: int | None
    address: str | None
    detail: str

    def canonical(self, after: Head) -> bytes:
        parts: list[object] = [VERSION, after.position + 1, after.hash.hex(), *self[:-1], json.loads(self.detail)]
        return json.dumps(parts, sort_keys=True, separators=(",", ":")).encode("ascii")


class StoredLink(NamedTuple):
    """A link as it stands in the database, with the entry it names, or None where there is no such entry."""

    position: int
    entry_id: int
    previous_hash: bytes
    hash: bytes
    content: Content | None


def hash_after(key: bytes, head: Head, content: Content) -> bytes:
    return hmac.new(key, content.canonical(head), hashlib.sha256).digest()


class Kind(StrEnum):
    """What may be wrong with a trail."""

    ALTERED = "altered"
    CUT = "cut"
    MOVED = "moved"
    REMOVED = "removed"
    REWRITTEN = "rewritten"
    UNCHAINED = "unchained"
    UNLINKED = "unlinked"


class Fault(msgspec.Struct, frozen=True):
    """One thing wrong: at which link, with which entry where that is known."""

    kind: Kind
    position: int | None
    entry_id: int | None = None

    def sentence(self) -> str:
        link = "before it was chained" if self.position is None else f"link {self.position}"
        return _SENTENCES[self.kind].format(link=link, position=self.position, entry=self.entry_id)


_SENTENCES: Mapping[Kind, str] = {
    Kind.ALTERED: "Entry {entry} ({link}) is not what it was when it was chained.",
    Kind.CUT: "The end of the chain is gone: an anchor knows link {position}.",
    Kind.MOVED: "Link {position} does not follow the link before it: links were changed or exchanged.",
    Kind.REMOVED: "Entry {entry} ({link}) was removed.",
    Kind.REWRITTEN: "Link {position} is not the one that an anchor knows: the chain was written anew.",
    Kind.UNCHAINED: "Entry {entry} was kept out of the chain.",
    Kind.UNLINKED: "Link {position} was removed, and with it the proof of its entry.",
}


class Walk:
    """Follows the chain from its start; what comes after a fault is held against the stored hashes, each for itself."""

    def __init__(self, key: bytes, anchors: Mapping[int, bytes]) -> None:
        self._key, self._anchors = key, anchors
        self.head = START

    def follow(self, links: Iterable[StoredLink]) -> Iterator[Fault]:
        """The faults of the next links, in their order."""
        for link in links:
            gap = range(self.head.position + 1, link.position)
            yield from (Fault(Kind.UNLINKED, position) for position in gap)
            yield from self._look(link, has_predecessor=not gap)
            self.head = Head(link.position, link.hash)

    def _look(self, link: StoredLink, *, has_predecessor: bool) -> Iterator[Fault]:
        if has_predecessor and link.previous_hash != self.head.hash:
            yield Fault(Kind.MOVED, link.position, link.entry_id)
        if link.content is None:
            yield Fault(Kind.REMOVED, link.position, link.entry_id)
        elif link.hash != hash_after(self._key, Head(link.position - 1, link.previous_hash), link.content):
            yield Fault(Kind.ALTERED, link.position, link.entry_id)
        if self._anchors.get(link.position, link.hash) != link.hash:
            yield Fault(Kind.REWRITTEN, link.position, link.entry_id)

    def end(self) -> Iterator[Fault]:
        """What is missing behind the last link."""
        last = max(self._anchors, default=0)
        if last > self.head.position:
            yield Fault(Kind.CUT, last)
