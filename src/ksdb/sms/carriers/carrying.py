"""What every carrier is asked for and answers, and the words of ours that it needs."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import ClassVar, Protocol

import phonenumbers
from smpplib.consts import SMPP_ENCODING_DEFAULT
from smpplib.gsm import make_parts

from ksdb.core.ids import REGION


class NotTaken(Exception):
    """The carrier did not take one message; `is_final` when it never will."""

    def __init__(self, code: str, *, is_final: bool) -> None:
        super().__init__(code)
        self.code = code
        self.is_final = is_final


class LineDown(Exception):
    """The carrier cannot be reached, or does not let us in; all messages wait."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Receipt:
    """What became of one part of a message, by the number that the carrier gave it."""

    reference: str
    is_delivered: bool
    code: str = ""


@dataclass(frozen=True)
class Parts:
    """A text as it goes over the air: each part costs."""

    bodies: tuple[bytes, ...]
    coding: int
    message_class: int


class Line(Protocol):
    """An open connection to a carrier, which takes `at_once` messages from as many threads."""

    at_once: int

    def submit(self, phone: str, body: str) -> tuple[str, ...]:
        """The numbers under which its parts were taken. Raises NotTaken or LineDown."""
        ...

    def receipts(self, seconds: float) -> list[Receipt]:
        """What came back meanwhile, or comes within so many seconds. Raises LineDown."""
        ...


class Carrier(Protocol):
    """A way to phones."""

    name: ClassVar[str]

    def line(self) -> AbstractContextManager[Line]:
        """Opens a connection. Raises LineDown."""
        ...


def parts_of(body: str) -> Parts:
    """In the alphabet of GSM, 160 letters a part, where it has all letters; Vietnamese with its marks has 70."""
    bodies, coding, message_class = make_parts(body, SMPP_ENCODING_DEFAULT)
    return Parts(tuple(bodies), coding, message_class)


def international(phone: str) -> str:
    """`0905 123 456` as carriers have it: 84905123456."""
    found = phonenumbers.parse(phone, REGION)
    return phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164).removeprefix("+")
