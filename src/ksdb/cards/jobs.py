"""Work of this room that runs beside the pages: drawing print batches."""

from django.db import transaction
from procrastinate.contrib.django import app

from ksdb.cards.actions import draw_batch, order_batch
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
