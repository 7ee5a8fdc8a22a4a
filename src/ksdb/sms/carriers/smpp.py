"""An SMPP 3.4 message centre, bound as a transceiver: parts out, delivery receipts in."""

import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, ClassVar

from smpplib import consts, exceptions
from smpplib.client import Client

from ksdb.config import Settings
from ksdb.sms.carriers.carrying import LineDown, NotTaken, Receipt, international, parts_of

FINAL = {
    consts.SMPP_ESME_RINVDSTADR: "number_refused",
    consts.SMPP_ESME_RINVSRCADR: "sender_refused",
    consts.SMPP_ESME_RINVMSGLEN: "text_refused",
}
DELIVERED, ENDED = {"DELIVRD"}, {"EXPIRED", "DELETED", "UNDELIV", "REJECTD"}
STATES = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}
RECEIPT = re.compile(r"id:(?P<id>\S+).*?stat:(?P<state>[A-Z]+)(?:.*?err:(?P<error>\w+))?", re.IGNORECASE | re.DOTALL)


QUIET_SECONDS = 0.3
"""A centre that has told of something and then says nothing for so long has told all it has."""


class SmppCentre:
    """The centre that the settings name."""

    name: ClassVar[str] = "smpp"

    def __init__(self, ours: Settings) -> None:
        self._ours = ours

    @contextmanager
    def line(self) -> Iterator["SmppLine"]:
        """Bound until the end; whatever the library says of the connection is LineDown."""
        client = self._bound()
        try:
            yield SmppLine(client, self._ours.sms_sender)
        except (exceptions.ConnectionError, TimeoutError) as error:
            raise LineDown("connection_lost") from error
        finally:
            _hang_up(client)

    def _bound(self) -> Client:
        host, _, port = self._ours.sms_smpp_address.rpartition(":")
        context = ssl.create_default_context() if self._ours.sms_smpp_tls else None
        client = Client(host, int(port), timeout=10, ssl_context=context, allow_unknown_opt_params=True)
        try:
            client.connect()
            client.bind_transceiver(system_id=self._ours.sms_smpp_name, password=self._ours.sms_smpp_password)
        except exceptions.PDUError as error:
            client.disconnect()
            raise LineDown("sign_in_refused") from error
        except (exceptions.ConnectionError, OSError) as error:
            client.disconnect()
            raise LineDown("unreachable") from error
        return client


def _hang_up(client: Client) -> None:
    with suppress(exceptions.ConnectionError, exceptions.PDUError, OSError):  # it may be gone already
        client.unbind()
    client.disconnect()


class SmppLine:
    """One binding, written to by one. Answers come in any order, with receipts between them."""

    at_once = 1

    def __init__(self, client: Client, sender: str) -> None:
        self._client = client
        self._sender = sender
        self._answers: dict[int, tuple[int, str]] = {}
        self._receipts: list[Receipt] = []
        client.set_message_sent_handler(self._answered)
        client.set_error_pdu_handler(self._answered)
        client.set_message_received_handler(self._received)

    def submit(self, phone: str, body: str) -> tuple[str, ...]:
        parts = parts_of(body)
        asked = [
            self._client.send_message(
                source_addr_ton=consts.SMPP_TON_ALNUM,
                source_addr_npi=consts.SMPP_NPI_UNK,
                source_addr=self._sender,
                dest_addr_ton=consts.SMPP_TON_INTL,
                dest_addr_npi=consts.SMPP_NPI_ISDN,
                destination_addr=international(phone),
                short_message=part,
                data_coding=parts.coding,
                esm_class=parts.message_class,
                registered_delivery=True,
            )
            for part in parts.bodies
        ]
        return tuple(self._taken(pdu.sequence) for pdu in asked)

    def _taken(self, sequence: int) -> str:
        while sequence not in self._answers:
            self._client.read_once(auto_send_enquire_link=False)
        status, reference = self._answers.pop(sequence)
        if status != consts.SMPP_ESME_ROK:
            raise NotTaken(FINAL.get(status, f"smpp_{status:#x}"), is_final=status in FINAL)
        return reference

    def receipts(self, seconds: float) -> list[Receipt]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            before = len(self._receipts)
            self._client.poll(auto_send_enquire_link=False)
            if len(self._receipts) > before:  # those of a message's other parts are on their way
                until = min(until, time.monotonic() + QUIET_SECONDS)
            time.sleep(0.05)
        self._client.poll(auto_send_enquire_link=False)
        found, self._receipts = self._receipts, []
        return found

    def _answered(self, pdu: Any) -> None:
        """An answer to a part of ours, good or bad; the library tells of a bad one twice."""
        self._answers[pdu.sequence] = (pdu.status, _text(getattr(pdu, "message_id", b"")))

    def _received(self, pdu: Any) -> int:
        """A receipt. What a person answers to us is taken and forgotten: nobody reads here."""
        if receipt := _receipt(pdu):
            self._receipts.append(receipt)
        return int(consts.SMPP_ESME_ROK)


def _receipt(pdu: Any) -> Receipt | None:
    """From the optional parameters where there are any, else from the text as the standard's appendix has it."""
    told = RECEIPT.search(_text(pdu.short_message)) if pdu.short_message else None
    reference = _text(getattr(pdu, "receipted_message_id", b"")) or (told["id"] if told else "")
    state = STATES.get(getattr(pdu, "message_state", 0) or 0) or (told["state"].upper() if told else "")
    if not reference or state not in DELIVERED | ENDED:
        return None
    return Receipt(reference, state in DELIVERED, "" if state in DELIVERED else state.lower())


def _text(given: bytes | str | None) -> str:
    plain = given.decode("latin-1") if isinstance(given, bytes) else given or ""
    return plain.rstrip("\0")
