"""Work of this room that runs beside the pages: drawing print jobs, going on where it broke off, the nightly check."""

from collections.abc import Callable
from typing import Protocol

from django.db import transaction
from procrastinate.contrib.django import app

from ksdb.cards.actions.binding import forget_bindings
from ksdb.cards.actions.drawing import draw_batch, draw_unfinished
from ksdb.cards.actions.printing import erase_sheets
from ksdb.cards.actions.reconciling import check_ledger
from ksdb.core.scope import system_scope


class Ordered(Protocol):
    """A print job that was just ordered."""

    pk: int


@app.task(queue="cards")
def draw(batch_id: int) -> None:
    """Draws one batch. Only numbers go through the queue; names are read when they are drawn."""
    draw_batch(system_scope(), batch_id)


@transaction.atomic
def queued(order: Callable[[], Ordered]) -> int:
    """Orders a batch and queues the job that draws it: both or none. Returns the batch's id."""
    batch_id = int(order().pk)
    draw.defer(batch_id=batch_id)
    return batch_id


@app.periodic(cron="*/5 * * * *")
@app.task(queue="cards", pass_context=False)
def go_on_drawing(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Batches whose worker was stopped are drawn to their end. `timestamp`: when it was due."""
    draw_unfinished(system_scope())


@app.periodic(cron="40 19 * * *")
@app.task(queue="cards", pass_context=False)
def check_cards_and_ledger(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Cards, ledger and prints are compared every night. `timestamp`: when it was due."""
    check_ledger(system_scope())


@app.periodic(cron="55 19 * * *")
@app.task(queue="cards", pass_context=False)
def forget_old_bindings(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Rows of bound tokens that ran out long ago are deleted. `timestamp`: when it was due."""
    forget_bindings(system_scope())


@app.periodic(cron="25 17 * * *")
@app.task(queue="cards", pass_context=False)
def erase_old_sheets(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Printed sheets past their time are deleted. `timestamp`: when it was due."""
    erase_sheets(system_scope())
