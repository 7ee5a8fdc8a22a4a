"""`ksdb visits import`: a register somebody else kept goes through the gateway's door, as its own device."""

import csv
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ksdb.core.clock import now_ms
from ksdb.core.decision import ScanResult
from ksdb.core.errors import KsdbError
from ksdb.gateway.app import SCANS
from ksdb.gateway.intake import MOST_SCANS, Receipt, Upload
from ksdb.gateway.register_file import ReadRow, rows_of

SHOWN = 40
PATIENCE_SECONDS = 600.0
"""How long one request is tried again while the gateway is away or busy."""

_TAKEN = {result.code for result in ScanResult if result.is_visit}
_receipts = msgspec.json.Decoder(Receipt)


class DeviceTokenMissing(KsdbError):
    """The file named with --device holds no token. Put the token of the register's device there, on one line."""

    code = "device_token_missing"
    status = 422


class GatewayRefused(KsdbError):
    """The gateway does not take the register. What it stored before is safe; import the same file again afterwards."""

    code = "gateway_refused"
    status = 502


class GatewayAway(KsdbError):
    """The gateway did not answer in time. What it stored is safe; import the same file again: no row counts twice."""

    code = "gateway_away"
    status = 503


@dataclass(frozen=True)
class Door:
    """Where the gateway is, and as which device to speak to it."""

    url: str
    device_token: str


@dataclass
class Said:
    """What became of the file's rows."""

    rows: int = 0
    stored: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    lines: list[tuple[int, str, str, str]] = field(default_factory=list)
    """Of each row: its number, what was stored (`new`, `before`, `no`), the result, and what to do."""

    def leave_out(self, row: ReadRow) -> None:
        assert row.problem is not None  # noqa: S101 - the caller sorted
        self.stored["no"] += 1
        self.lines.append((row.number, "no", row.problem.name.lower(), str(row.problem)))

    def take_in(self, rows: Sequence[ReadRow], receipt: Receipt) -> None:
        for row, outcome in zip(rows, receipt.results, strict=True):
            self.stored[outcome.stored] += 1
            self.results[outcome.result] += 1
            self.lines.append((row.number, outcome.stored, outcome.result, ""))

    def fail(self, rows: Sequence[ReadRow], code: str) -> None:
        self.stored["no"] += len(rows)
        what = "The gateway could not store it. Tell the administrator."
        self.lines.extend((row.number, "no", code, what) for row in rows)

    @property
    def open_lines(self) -> list[tuple[int, str, str, str]]:
        """Rows that are no visit: left out, or refused."""
        return [line for line in sorted(self.lines) if line[2] not in _TAKEN]


def run(path: Path, door: Door, report: Path | None, *, only_checks: bool) -> int:
    """Sends the file and says what became of it; 0 when every row is a visit."""
    console, said = Console(), Said()
    try:
        with Progress(console=console) as progress:
            task = progress.add_task(path.name, total=None)
            for count in _sent(rows_of(path), None if only_checks else door, said):
                progress.update(task, completed=count)
    finally:
        _say(console, said, only_checks=only_checks)
        if report is not None:
            _write_report(report, said)
    return 1 if said.open_lines else 0


def device_token(path: Path) -> str:
    """The token in the file: never on a command line, where everybody on the machine reads it."""
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    if not text.isascii() or len(text.split()) != 1:
        raise DeviceTokenMissing
    return text


def _sent(rows: Iterable[ReadRow], door: Door | None, said: Said) -> Iterator[int]:
    """Sends what can be sent, in requests of full size; yields how many rows are done with."""
    batch: list[ReadRow] = []
    with httpx.Client(timeout=60) as client:
        for row in rows:
            said.rows += 1
            if row.problem is not None:
                said.leave_out(row)
            elif door is not None:
                batch.append(row)
            if door is not None and len(batch) == MOST_SCANS:
                _send(client, door, batch, said)
                batch = []
                yield said.rows
        if door is not None and batch:
            _send(client, door, batch, said)
    yield said.rows


def _send(client: httpx.Client, door: Door, rows: Sequence[ReadRow], said: Said) -> None:
    """Until it is answered: an answer that got lost is asked for again, which doubles nothing."""
    scans = [row.scan for row in rows if row.scan is not None]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = _answer(client, door, msgspec.json.encode(Upload(now_ms(), scans)))
        if answer is not None and answer.status_code == 200:
            said.take_in(rows, _receipts.decode(answer.content))
            return
        if answer is not None and answer.status_code == 500:
            said.fail(rows, _told(answer)[0])
            return
        if answer is not None and answer.status_code not in {429, 502, 503, 504}:
            raise GatewayRefused(_told(answer)[1])
        if time.monotonic() > deadline:
            raise GatewayAway
        time.sleep(_wait_seconds(answer))


def _answer(client: httpx.Client, door: Door, body: bytes) -> httpx.Response | None:
    """None when the line broke before there was one."""
    try:
        return client.post(door.url + SCANS, content=body, headers={"authorization": f"Bearer {door.device_token}"})
    except httpx.TransportError:
        return None


def _wait_seconds(answer: httpx.Response | None) -> float:
    told = answer.headers.get("retry-after", "") if answer is not None else ""
    return min(30.0, float(told)) if told.isdigit() else 1.0


def _told(answer: httpx.Response) -> tuple[str, str]:
    """The code and the sentence of a refusal, or its status alone when a proxy spoke."""
    try:
        told: dict[str, Any] = answer.json()
        return str(told["error"]), str(told["message"])
    except (ValueError, KeyError, TypeError):
        return f"http_{answer.status_code}", f"HTTP {answer.status_code}."


def _say(console: Console, said: Said, *, only_checks: bool) -> None:
    if only_checks:
        console.print(
            f"{said.rows:,} rows: {said.rows - said.stored['no']:,} can be sent, {said.stored['no']:,} cannot."
        )
    else:
        console.print(
            f"{said.rows:,} rows: {said.stored['new']:,} stored, {said.stored['before']:,} stored before, "
            f"{said.stored['no']:,} left out"
        )
        console.print("  " + ", ".join(f"{count:,} {code}" for code, count in said.results.most_common()))
    lines = said.open_lines
    if not lines:
        return
    table = Table(
        "row", "result", "what to do", title=f"rows that are no visit: {min(SHOWN, len(lines))} of {len(lines)}"
    )
    for number, _stored, result, what in lines[:SHOWN]:
        table.add_row(str(number), result, what)
    console.print(table)


def _write_report(path: Path, said: Said) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "stored", "result", "what_to_do"])
        writer.writerows(sorted(said.lines))
