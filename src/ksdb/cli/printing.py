"""Prints every card of the province, by several processes, and shows how far they are."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence

import typer
from django.db.models import Sum
from rich.console import Console
from rich.progress import Progress

from ksdb.cards.actions.printing import How, order_all
from ksdb.cards.queries.printing import batches, prints_dir, stopped_batches, unfinished_batches
from ksdb.cards.sheets import LAYOUTS
from ksdb.config import environment_of, settings
from ksdb.core.scope import system_scope
from ksdb.core.token import Form

_WORKER = """
import django; django.setup()
from ksdb.cards.actions.drawing import draw_unfinished
from ksdb.core.scope import system_scope
draw_unfinished(system_scope())
"""

_SAID = {
    "print_disk_full": "the disk for prints is full",
    "print_unreadable": "codes on a drawn sheet do not read as the ledger has them",
    "key_file_missing": "the file of its signing key is not here",
    "not_in_ledger": "a card differs from the ledger; it is not tried again by itself, look at Keys and ledger first",
}


def draw_all(form: str, layout: str, workers: int) -> None:
    """Orders what no batch holds, then draws all that waits or stopped. Exits with 1 while any batch is not drawn."""
    if form.upper() not in ("PAPER", "PLASTIC") or layout not in LAYOUTS:
        raise typer.BadParameter(f"form: paper or plastic; layout: {', '.join(LAYOUTS)}")
    scope, console = system_scope(), Console()
    order_all(scope, Form[form.upper()], How(layout))
    waiting = unfinished_batches(scope)
    console.print(f"{len(waiting)} batches to draw, into {prints_dir()}")
    started = time.monotonic()
    _watch([_start() for _ in range(workers)], waiting, console)
    console.print(f"{_drawn(waiting):,} cards drawn in {(time.monotonic() - started) / 60:.1f} minutes")
    stopped = stopped_batches(scope)
    for batch_id, fault in stopped.items():
        console.print(f"Batch {batch_id} stopped: {_SAID.get(fault, fault)}")
    if stopped or unfinished_batches(scope):
        console.print("Some cards are not drawn. Remove the reason, then run this again; what is drawn stays.")
        raise typer.Exit(1)


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WORKER], env=os.environ | environment_of(settings()))


def _watch(workers: Sequence[subprocess.Popen[bytes]], waiting: Sequence[int], console: Console) -> None:
    total = batches(system_scope()).filter(pk__in=waiting).aggregate(sum=Sum("card_count"))["sum"] or 0
    with Progress(console=console) as bar:
        task = bar.add_task("drawing cards", total=total)
        while any(worker.poll() is None for worker in workers):
            time.sleep(1)
            bar.update(task, completed=_drawn(waiting))


def _drawn(waiting: Sequence[int]) -> int:
    return batches(system_scope()).filter(pk__in=waiting).aggregate(sum=Sum("done_count"))["sum"] or 0
