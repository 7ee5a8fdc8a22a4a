"""A small SMPP message centre on a socket: takes what binds rightly, refuses what it is told to, sends receipts."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

BIND, SUBMIT, DELIVER, UNBIND, ENQUIRE = 0x09, 0x04, 0x05, 0x06, 0x15
ANSWER = 0x80000000
NAME, SECRET = "ksdb", "geheim"


@dataclass(frozen=True)
class Submitted:
    """A part as it arrived."""

    sender: str
    number: str
    coding: int
    message_class: int
    wants_receipt: bool
    body: bytes

    @property
    def text(self) -> str:
        plain = self.body[6:] if self.message_class & 0x40 else self.body
        return plain.decode("utf-16-be" if self.coding == 8 else "ascii")


@dataclass
class Centre:
    """What it was sent, and how it behaves: `refuses` maps a number to the status it is refused with."""

    port: int = 0
    parts: list[Submitted] = field(default_factory=list)
    refuses: dict[str, int] = field(default_factory=dict)
    state: str = "DELIVRD"
    binds: int = 0
    names_in_hex: bool = False

    def serve(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        while head := _exactly(connection, 16):
            length, command, _, sequence = struct.unpack(">LLLL", head)
            body = _exactly(connection, length - 16)
            if command == BIND:
                name, rest = body.split(b"\0", 1)
                status = 0 if (name.decode(), rest.split(b"\0", 1)[0].decode()) == (NAME, SECRET) else 0x0D
                self.binds += not status
                _send(connection, command | ANSWER, status, sequence, b"centre\0" if not status else b"")
            elif command == SUBMIT:
                self._take(connection, sequence, body)
            elif command in {UNBIND, ENQUIRE}:
                _send(connection, command | ANSWER, 0, sequence, b"")
                if command == UNBIND:
                    return

    def _take(self, connection: socket.socket, sequence: int, body: bytes) -> None:
        part = _submitted(body)
        if status := self.refuses.get(part.number, 0):
            _send(connection, SUBMIT | ANSWER, status, sequence, b"")
            return
        self.parts.append(part)
        number = 1_000 + len(self.parts)
        said = f"{number:x}" if self.names_in_hex else str(number)
        _send(connection, SUBMIT | ANSWER, 0, sequence, said.encode() + b"\0")
        if self.state:
            receipt = (
                f"id:{number} sub:001 dlvrd:001 submit date:2611241200 done date:2611241200 stat:{self.state} err:000"
            )
            _send(connection, DELIVER, 0, 10_000 + number, _deliver(receipt.encode()))


def _deliver(receipt: bytes) -> bytes:
    addresses = b"\0" + b"\x01\x01" + b"84905123456\0" + b"\0\0" + b"KSDB\0"
    return addresses + b"\x04\0\0" + b"\0\0" + b"\0\0\0\0" + bytes([len(receipt)]) + receipt


def _submitted(body: bytes) -> Submitted:
    rest = body.split(b"\0", 1)[1]
    sender, rest = rest[2:].split(b"\0", 1)
    number, rest = rest[2:].split(b"\0", 1)
    message_class, rest = rest[0], rest[3:]
    rest = rest.split(b"\0", 1)[1].split(b"\0", 1)[1]
    receipt, _, coding, _, length = struct.unpack(">BBBBB", rest[:5])
    return Submitted(sender.decode(), number.decode(), coding, message_class, bool(receipt & 1), rest[5 : 5 + length])


def _exactly(connection: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        try:
            piece = connection.recv(count - len(found))
        except OSError:
            return b""
        if not piece:
            return b""
        found += piece
    return found


def _send(connection: socket.socket, command: int, status: int, sequence: int, body: bytes) -> None:
    connection.sendall(struct.pack(">LLLL", 16 + len(body), command, status, sequence) + body)


@contextmanager
def centre() -> Iterator[Centre]:
    """It listens on a port of its own until the end."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made = Centre(port=listening.getsockname()[1])
        thread = threading.Thread(target=made.serve, args=[listening], daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
