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
from ksdb.cards.queries.printing import batches, prints_dir, unfinished_batches
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


def draw_all(form: str, layout: str, workers: int) -> None:
    """Orders what no batch holds, then draws all that waits. Exits with 1 when a batch could not be drawn."""
    if form.upper() not in ("PAPER", "PLASTIC") or layout not in LAYOUTS:
        raise typer.BadParameter(f"form: paper or plastic; layout: {', '.join(LAYOUTS)}")
    scope, console = system_scope(), Console()
    order_all(scope, Form[form.upper()], How(layout))
    waiting = unfinished_batches(scope)
    console.print(f"{len(waiting)} batches to draw, into {prints_dir()}")
    started = time.monotonic()
    _watch([_start() for _ in range(workers)], waiting, console)
    drawn, left = _drawn(waiting), unfinished_batches(scope)
    console.print(f"{drawn:,} cards drawn in {(time.monotonic() - started) / 60:.1f} minutes")
    if left or batches(scope).filter(pk__in=waiting, status="failed").exists():
        console.print("Some batches stopped: see Print cards for the reason, then run this again.")
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
