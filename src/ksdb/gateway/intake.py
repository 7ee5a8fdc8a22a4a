"""From the bytes of a request to decided scans: decode, check each token, decide. No input or output here."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal, NamedTuple

import msgspec

from ksdb.core.clock import from_ms
from ksdb.core.decision import ForeignKind, Mark, ScanResult, Window, decide
from ksdb.core.electronic import CodeFault, check_code
from ksdb.core.ids import is_card_number
from ksdb.core.token import Claims, Form, TokenFault, glance, is_signed_by, read_token, usable_key
from ksdb.gateway.errors import BodyUnreadable, DeviceRevoked, DeviceUnknown, TooManyScans
from ksdb.gateway.known import Device, Known

MOST_SCANS: Final = 500
_BEARER: Final = b"bearer "
_MOST_INDEX: Final = 2**31 - 1
_FIRST_MS: Final = 0
_LAST_MS: Final = 253_370_764_800_000
"""1970 to 9999: every instant that PostgreSQL keeps and that Python can show in any time zone."""


class Foreign(msgspec.Struct, frozen=True, gc=False):
    """A code of another system: its kind, and the first 16 bytes of the keyed hash of the number in it, in hex."""

    kind: Literal["qd1405", "chip_id", "health_insurance", "hc1", "vneid"]
    id_key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]


class Scan(msgspec.Struct, frozen=True, gc=False):
    """One scan as a device sends it: a token as read, or a card number as typed, or a foreign code.

    A token or a number of any length is taken: a strange code is a result, not a bad request. `ahead_ms`: how far the
    device's clock was ahead when it scanned, where it found that out itself; else what the upload's time tells counts.
    """

    sequence: Annotated[int, msgspec.Meta(ge=1, lt=2**53)]
    scanned_at: int
    token: str = ""
    is_exit: bool = False
    number: str = ""
    foreign: Foreign | None = None
    ahead_ms: int | None = None


class DeviceState(msgspec.Struct, frozen=True, gc=False):
    """How a device says it is doing: its program, its battery, what it has scanned in all and what is still unsent.

    Numbers out of range are brought into it when they are kept: a device is never kept from sending scans by this.
    """

    app_version: str = ""
    battery_percent: int | None = None
    waiting_count: int | None = None
    scanned_count: int | None = None
    trust_serial: int | None = None
    status_serial: int | None = None


class Upload(msgspec.Struct, frozen=True, gc=False):
    """The body of `POST /v1/scans`; times in milliseconds since 1970, by the device's clock."""

    sent_at: int
    scans: list[Scan]
    state: DeviceState | None = None


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
    claimed_ms: int | None = None
    marks: int = 0
    foreign_kind: int | None = None
    foreign_key: str | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """An upload's circumstances: who sent it, when it came, and how far that device's clock is ahead of ours.

    `typed` has the card index of each card number in it that exists.
    """

    device: Device
    received_ms: int
    ahead_ms: int = 0
    typed: Mapping[str, int] = field(default_factory=dict)

    def corrects_ms(self, scan: Scan) -> int:
        """What is taken off the scan's time. Below half a minute it may be the network's, and harms no rule.

        A clock set right between scan and upload is known to the device alone. What is beyond reason is passed over.
        """
        is_told = scan.ahead_ms is not None and abs(scan.ahead_ms) <= MOST_AHEAD_MS
        ahead = scan.ahead_ms if is_told and scan.ahead_ms is not None else self.ahead_ms
        return ahead if abs(ahead) > CLOCK_LEEWAY_MS else 0


@dataclass(frozen=True, slots=True)
class Rules:
    """How old a scan may be, and how far a device's clock may be ahead."""

    retention: timedelta
    tolerance: timedelta


CLOCK_LEEWAY_MS: Final = 30_000
MOST_AHEAD_MS: Final = 100 * 366 * 86_400_000
_FOREIGN = {kind.code: int(kind) for kind in ForeignKind}
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
    if read is TokenFault.NOT_OURS:
        return _shown_code(text, known, seconds)
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


def _shown_code(text: str, known: Known, seconds: float) -> tuple[Claims | TokenFault, int | None]:
    """An electronic card's code, if it is one. Its age is told by the time of the scan, however late it is uploaded.

    A scanner asks for a fresh code itself and sends no stale one; one that comes all the same counts as run out.
    """
    shown = check_code(text, known.trust, from_ms(int(seconds * 1000)))
    if isinstance(shown, TokenFault):
        return shown, None
    if isinstance(shown, CodeFault):
        return _CODE_FAULTS.get(shown, TokenFault.EXPIRED), None
    return shown.claims, shown.claims.card_index


_CODE_FAULTS = {CodeFault.BAD_DEVICE_SIGNATURE: TokenFault.BAD_SIGNATURE}


def _in_time(claims: Claims, seconds: float) -> tuple[Claims | TokenFault, int | None]:
    return (claims if seconds < claims.expires_at else TokenFault.EXPIRED), claims.card_index


def typed_numbers(upload: Upload) -> list[str]:
    """The card numbers in it that were typed and can be right."""
    return [scan.number for scan in upload.scans if scan.number and is_card_number(scan.number)]


def decided(upload: Upload, arrival: Arrival, known: Known, rules: Rules) -> Iterator[DecidedScan]:
    """Each scan with its result, one by one, so that the caller can let others in between."""
    window = Window.at(from_ms(arrival.received_ms), rules.retention, rules.tolerance)
    for scan in upload.scans:
        yield _decided(scan, arrival, known, window)


def _decided(scan: Scan, arrival: Arrival, known: Known, window: Window) -> DecidedScan:
    correction = arrival.corrects_ms(scan)
    at_ms = scan.scanned_at - correction
    scanned_at = _instant(at_ms)
    is_timely = window.earliest <= scanned_at <= window.latest
    # A clock that is years wrong must not make a good card look expired: then the token is judged as of now.
    seconds = (at_ms if is_timely else arrival.received_ms) / 1000
    marks = Mark.CLOCK_CORRECTED if correction else 0
    foreign: Foreign | None = None
    read: Claims | TokenFault | None
    if scan.token or not (scan.number or scan.foreign):
        read, card_index = checked_token(scan.token, known, seconds)
    elif scan.number:
        read, card_index = _typed(scan.number, arrival)
        marks |= Mark.TYPED
    else:
        foreign, read, card_index = scan.foreign, _FOREIGN_CLAIMS, None
        marks |= Mark.FOREIGN
    if card_index is not None and card_index > _MOST_INDEX:
        read, card_index = TokenFault.NOT_OURS, None  # no card can have this number, whoever signed it
    if read is None:
        result = ScanResult.UNKNOWN_NUMBER
    else:
        result = decide(read, known.cards.status_at(card_index, seconds), scanned_at, window)
    return DecidedScan(
        arrival.device.id,
        scan.sequence,
        arrival.device.point_id,
        at_ms if _FIRST_MS <= at_ms < _LAST_MS else None,
        arrival.received_ms,
        int(result),
        card_index,
        known.cards.resident_of(card_index),
        scan.is_exit,
        _claimed(scan.scanned_at) if correction else None,
        int(marks),
        _FOREIGN[foreign.kind] if foreign else None,
        foreign.id_key if foreign else None,
    )


_FOREIGN_CLAIMS = Claims(0, Form.PAPER, 0)
"""A foreign code proves nothing about a card: with no card index it comes to `unverified`."""


def _typed(number: str, arrival: Arrival) -> tuple[Claims | TokenFault | None, int | None]:
    """What was typed, as if its card had been read: a typed number proves no more than that somebody knows it."""
    if not is_card_number(number):
        return TokenFault.UNREADABLE, None
    index = arrival.typed.get(number)
    return (None, None) if index is None else (Claims(index, Form.PAPER, 0), index)


def _claimed(at_ms: int) -> int:
    return min(max(at_ms, _FIRST_MS), _LAST_MS - 1)


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
