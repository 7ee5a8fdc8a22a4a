"""Work of this room that runs beside the pages: drawing print batches, the nightly check of the ledger."""

from django.db import transaction
from procrastinate.contrib.django import app

from ksdb.cards.actions import draw_batch, order_batch
from ksdb.cards.actions.bulk import erase_sheets
from ksdb.cards.actions.reconciling import check_ledger
from ksdb.cards.actions.replacing import order_single
from ksdb.core.scope import Scope, system_scope
from ksdb.core.token import Form


@app.task(queue="cards")
def draw(batch_id: int) -> None:
    """Draws one batch. Only numbers go through the queue; names are read when they are drawn."""
    draw_batch(system_scope(), batch_id)


@transaction.atomic
def order_and_queue(scope: Scope, division_id: int, form: Form) -> int:
    """Orders a batch and queues the job that draws it: both or none. Returns the batch's id."""
    batch = order_batch(scope, division_id, form)
    draw.defer(batch_id=batch.pk)
    return int(batch.pk)


@transaction.atomic
def order_single_and_queue(scope: Scope, index: int) -> int:
    """Orders the print of one card and queues the job that draws it. Returns the batch's id."""
    batch = order_single(scope, index)
    draw.defer(batch_id=batch.pk)
    return int(batch.pk)


@app.periodic(cron="40 2 * * *")
@app.task(queue="cards", pass_context=False)
def check_cards_and_ledger(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Cards, ledger and prints are compared every night. `timestamp`: when it was due."""
    check_ledger(system_scope())


@app.periodic(cron="25 0 * * *")
@app.task(queue="cards", pass_context=False)
def erase_old_sheets(timestamp: int) -> None:  # noqa: ARG001 - procrastinate passes it
    """Printed sheets past their time are deleted. `timestamp`: when it was due."""
    erase_sheets(system_scope())
