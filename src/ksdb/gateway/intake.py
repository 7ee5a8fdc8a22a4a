"""From the bytes of a request to decided scans: decode, check each token, decide. No input or output here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from ksdb.core.clock import from_ms
from ksdb.core.decision import ScanResult, Window, decide
from ksdb.core.token import Claims, TokenFault, glance, is_signed_by, read_token, usable_key
from ksdb.gateway.errors import BodyUnreadable, DeviceRevoked, DeviceUnknown, TooManyScans
from ksdb.gateway.known import Device, Known

MOST_SCANS: Final = 500
_BEARER: Final = b"bearer "
_MOST_INDEX: Final = 2**31 - 1
_FIRST_MS: Final = 0
_LAST_MS: Final = 253_370_764_800_000
"""1970 to 9999: every instant that PostgreSQL keeps and that Python can show in any time zone."""


class Scan(msgspec.Struct, frozen=True, gc=False):
    """One scan as a device sends it. A token of any length is taken: a strange code is a result, not a bad request."""

    sequence: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    token: str
    scanned_at: int
    is_exit: bool = False


class Upload(msgspec.Struct, frozen=True, gc=False):
    """The body of `POST /v1/scans`; times in milliseconds since 1970."""

    sent_at: int
    scans: list[Scan]


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of one scan."""

    sequence: int
    result: str
    stored: Literal["new", "before"]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The answer to an upload, after it is stored for good."""

    received_at: int
    results: list[Outcome]


class DecidedScan(NamedTuple):
    """One row for the log, in the order of the parameters of `store_scans`. A tuple, because the writer turns
    thousands of them into columns."""

    device_id: int
    sequence: int
    point_id: int
    scanned_ms: int | None
    received_ms: int
    result: int
    card_index: int | None
    resident_id: int | None
    is_exit: bool


@dataclass(frozen=True, slots=True)
class Rules:
    """How old a scan may be, and how far a device's clock may be ahead."""

    retention: timedelta
    tolerance: timedelta


_decoder = msgspec.json.Decoder(Upload)
_CODES = {int(result): result.code for result in ScanResult}


def decoded(body: bytes) -> Upload:
    """Raises BodyUnreadable with what is wrong and where, never with what was sent; TooManyScans."""
    try:
        upload = _decoder.decode(body)
    except UnicodeDecodeError as error:
        raise BodyUnreadable("The text is not UTF-8.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise BodyUnreadable(str(error)) from error
    if not 1 <= len(upload.scans) <= MOST_SCANS:
        raise TooManyScans
    return upload


def authenticated(authorization: bytes, known: Known) -> Device:
    """The device of an `Authorization` header."""
    is_bearer = authorization[: len(_BEARER)].lower() == _BEARER
    device = known.device_of(authorization[len(_BEARER) :].strip()) if is_bearer else None
    if device is None:
        raise DeviceUnknown
    if device.is_revoked:
        raise DeviceRevoked
    return device


def checked_token(text: str, known: Known, seconds: float) -> tuple[Claims | TokenFault, int | None]:
    """What `core.token.check_token` says, and the card index whenever the signature was good.

    A text whose signature was proved before under this trust list is not proved again: 90 of 130 microseconds are the
    signature, 35 the careful reading, and remembering takes 5.
    """
    glanced = glance(text)
    if glanced is not None and known.checked.holds(glanced[1].card_index, text):
        kid, claims = glanced
        key = usable_key(kid, known.trust, seconds)
        return (key, None) if isinstance(key, TokenFault) else _in_time(claims, seconds)
    read = read_token(text)
    if isinstance(read, TokenFault):
        return read, None
    key = usable_key(read.kid, known.trust, seconds)
    if isinstance(key, TokenFault):
        return key, None
    if not is_signed_by(read, key.public_key):
        return TokenFault.BAD_SIGNATURE, None
    if glanced == (read.kid, read.claims):
        known.checked.keep(read.claims.card_index, text)
    return _in_time(read.claims, seconds)


def _in_time(claims: Claims, seconds: float) -> tuple[Claims | TokenFault, int | None]:
    return (claims if seconds < claims.expires_at else TokenFault.EXPIRED), claims.card_index


def decided(upload: Upload, device: Device, known: Known, received_ms: int, rules: Rules) -> Iterator[DecidedScan]:
    """Each scan with its result, one by one, so that the caller can let others in between."""
    window = Window.at(from_ms(received_ms), rules.retention, rules.tolerance)
    for scan in upload.scans:
        yield _decided(scan, device, known, received_ms, window)


def _decided(scan: Scan, device: Device, known: Known, received_ms: int, window: Window) -> DecidedScan:
    scanned_at = _instant(scan.scanned_at)
    is_timely = window.earliest <= scanned_at <= window.latest
    # A clock that is years wrong must not make a good card look expired: then the token is judged as of now.
    seconds = (scan.scanned_at if is_timely else received_ms) / 1000
    read, card_index = checked_token(scan.token, known, seconds)
    if card_index is not None and card_index > _MOST_INDEX:
        read, card_index = TokenFault.NOT_OURS, None  # no card can have this number, whoever signed it
    status = known.cards.status_at(card_index, seconds)
    result = decide(read, status, scanned_at, window)
    return DecidedScan(
        device.id,
        scan.sequence,
        device.point_id,
        scan.scanned_at if _FIRST_MS <= scan.scanned_at < _LAST_MS else None,
        received_ms,
        int(result),
        card_index,
        known.cards.resident_of(card_index),
        scan.is_exit,
    )


def _instant(epoch_ms: int) -> datetime:
    """The instant, or the first or last that can be told when it lies beyond."""
    if epoch_ms < _FIRST_MS:
        return datetime.min.replace(tzinfo=UTC)
    return from_ms(min(epoch_ms, _LAST_MS))


def receipt(rows: Sequence[DecidedScan], is_new: Sequence[bool]) -> Receipt:
    """The answer for scans that were stored now or before."""
    return Receipt(
        rows[0].received_ms,
        [
            Outcome(row.sequence, _CODES[row.result], "new" if new else "before")
            for row, new in zip(rows, is_new, strict=True)
        ],
    )
