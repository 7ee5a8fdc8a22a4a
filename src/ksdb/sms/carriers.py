"""Who carries short messages to phones: in the demo town nobody, they are shown on a page."""

from typing import Protocol

from ksdb.config import settings


class Carrier(Protocol):
    """Takes one message, or raises. A provider is one more class here and a branch of `carrier`."""

    def send(self, phone: str, body: str) -> None: ...


class OnScreen:
    """Carries nothing: what is in the outbox is shown on the page `sms:outbox`."""

    def send(self, phone: str, body: str) -> None:
        """Nothing to do."""


def carrier() -> Carrier | None:
    """The carrier of this installation; None where none is set up."""
    return OnScreen() if settings().is_demo else None
