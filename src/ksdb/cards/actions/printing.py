"""Print jobs: ordered, reported printed, misprints ordered again, cancelled. Drawing them is in `drawing`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, transaction

from ksdb.audit.actions import record
from ksdb.audit.erasing import erase_files, files_before
from ksdb.cards.life import PRINTABLE, NothingToPrint
from ksdb.cards.models import Card, CardPrint, PrintBatch, PrintPart
from ksdb.cards.notices import Notice
from ksdb.cards.queries.printing import (
    batch,
    commune_of,
    communes_to_print,
    misprints_to_print,
    missing_parts,
    prints_dir,
)
from ksdb.cards.sheets import DEFAULT_LAYOUT, LAYOUTS
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Form
from ksdb.places.models import Division
from ksdb.places.queries import covers, province_on
from ksdb.postgres.named import sql

Status = PrintBatch.Status

MOST_PRINTED = 50_000
"""Cards of one batch: more than the largest commune has people."""
CARDS_PER_FILE = 1000


class NotThisBatch(KsdbError):
    """This print job is not in a state that allows this. Load the page again and look at its status."""

    code = "print_status"
    status = 409


class NotOnTheSheet(KsdbError):
    """One of these cards or sheets is not in this print job. Compare with the line at the foot of the sheet."""

    code = "not_on_the_sheet"
    status = 422


class SeveralPayers(KsdbError):
    """These cards belong to several wards, and each pays for its own. Print those of one ward at a time."""

    code = "several_payers"
    status = 422


@dataclass(frozen=True)
class How:
    """In which layout cards are printed, and whether the province pays rather than the ward."""

    layout: str = DEFAULT_LAYOUT
    is_paid_by_province: bool = False


WARD_SHEETS = How()


@transaction.atomic
def order_batch(
    scope: Scope, division_id: int, form: Form, limit: int = MOST_PRINTED, how: How = WARD_SHEETS
) -> PrintBatch:
    """A queued batch with the division's cards of the form that no batch holds yet. Raises NothingToPrint."""
    made = _begun(scope, division_id, form, how)
    limit = min(limit, MOST_PRINTED)
    return _filled(scope, made, "put_into_batch", {"division": division_id, "limit": limit})


@transaction.atomic
def order_cards(scope: Scope, indexes: Collection[int], how: How = WARD_SHEETS) -> PrintBatch:
    """A queued batch of chosen cards of one form and one commune, printed before or not.

    Raises NotFound, NothingToPrint, SeveralPayers.
    """
    cards = list(Card.objects.filter(pk__in=indexes).select_related("resident__division__parent"))
    homes = {card.resident.division_id for card in cards}
    if not cards or len(cards) != len(set(indexes)):
        raise NothingToPrint
    if not all(covers(scope, Permission.CARDS_CARD_PRINT, home) for home in homes):
        raise NotFound
    if not how.is_paid_by_province and len({commune_of(scope, card.resident.division).pk for card in cards}) > 1:
        raise SeveralPayers
    made = _begun(scope, min(homes), Form(cards[0].form), how)
    made.is_chosen = True
    made.save(update_fields=["is_chosen"])
    return _filled(scope, made, "put_chosen_into_batch", {"cards": list(indexes)})


@transaction.atomic
def order_reprint(scope: Scope, batch_id: int) -> PrintBatch:
    """A queued batch of what was misprinted in another one, on the same layout and budget. Raises NothingToPrint."""
    first = batch(scope, batch_id)
    how = How(first.layout, is_paid_by_province=first.payer is not None and first.payer.kind == Division.Kind.PROVINCE)
    made = _begun(scope, first.division_id, Form(first.form), how)
    made.reprint_of = first
    made.save(update_fields=["reprint_of"])
    return _filled(scope, made, "put_chosen_into_batch", {"cards": misprints_to_print(scope, batch_id)})


def order_all(scope: Scope, form: Form, how: How = WARD_SHEETS) -> list[int]:
    """A batch for each commune of the jurisdiction with cards that no batch holds; returns their ids, largest first."""
    homes = communes_to_print(scope, form)
    return [
        order_batch(scope, home, form, how=how).pk for home, count in homes for _ in range(-(-count // MOST_PRINTED))
    ]


def _begun(scope: Scope, division_id: int, form: Form, how: How) -> PrintBatch:
    if not covers(scope, Permission.CARDS_CARD_PRINT, division_id) or how.layout not in LAYOUTS:
        raise NotFound
    # One order at a time: else two desks could put the same card into two batches.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ksdb.cards.order'))")
    at = now()
    division = Division.objects.select_related("parent").get(pk=division_id)
    payer = province_on(scope, at.date()) if how.is_paid_by_province else None
    return PrintBatch.objects.create(
        division=division,
        form=form,
        layout=how.layout,
        payer=payer or commune_of(scope, division),
        unit_cost=_price(form),
        created_by_id=scope.actor_id,
        created_at=at,
    )


def _price(form: Form) -> int:
    ours = settings()
    return ours.print_cost_plastic if form == Form.PLASTIC else ours.print_cost_paper


def _filled(scope: Scope, made: PrintBatch, query: str, chosen: dict[str, Any]) -> PrintBatch:
    parameters = {
        "batch": made.pk,
        "form": made.form,
        "printable": [int(status) for status in PRINTABLE],
        "at": made.created_at,
        "size": CARDS_PER_FILE,
        "by_door": LAYOUTS[made.layout].notice == Notice.LETTER,
        **chosen,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", query), parameters)
        made.card_count = cursor.rowcount
        if not made.card_count:
            raise NothingToPrint
        cursor.execute(sql("ksdb.cards", "plan_parts"), parameters)
    made.save(update_fields=["card_count"])
    detail = {"count": made.card_count, "form": Form(made.form).name.lower(), "layout": made.layout}
    record(scope, "cards:batch:order", subject=("print_batch", made.pk), detail=detail)
    return made


@transaction.atomic
def report_printed(scope: Scope, batch_id: int) -> PrintBatch:
    """The sheets are printed: from now on the batch costs its budget. Raises NotThisBatch."""
    found = _locked(scope, batch_id, {Status.DONE})
    found.status, found.printed_at, found.printed_by_id = Status.PRINTED, now(), scope.actor_id
    found.save(update_fields=["status", "printed_at", "printed_by_id"])
    record(scope, "cards:batch:printed", subject=("print_batch", batch_id), detail={"count": found.card_count})
    return found


@transaction.atomic
def report_misprints(scope: Scope, batch_id: int, indexes: Sequence[int]) -> int:
    """Notes which cards of a batch came out badly; returns how many. Raises NotOnTheSheet when one is not in it."""
    found = _locked(scope, batch_id, {Status.DONE, Status.PRINTED})
    bad = CardPrint.objects.filter(batch=found, card__in=indexes, sheet__isnull=False)
    if not indexes or bad.count() != len(set(indexes)):
        raise NotOnTheSheet
    count = bad.update(misprinted_at=now())
    record(scope, "cards:batch:misprint", subject=("print_batch", batch_id), detail={"count": count})
    return count


@transaction.atomic
def cancel_batch(scope: Scope, batch_id: int) -> PrintBatch:
    """Gives the cards of a batch back, to be ordered anew, and deletes its files. Raises NotThisBatch once printed."""
    found = _locked(scope, batch_id, {Status.QUEUED, Status.FAILED, Status.DONE})
    found.status = Status.CANCELLED
    found.save(update_fields=["status"])
    record(scope, "cards:batch:cancel", subject=("print_batch", batch_id), detail={"count": found.card_count})
    _forget_files(scope, PrintPart.objects.filter(batch=found).exclude(file_name=""))
    return found


@transaction.atomic
def order_redraw(scope: Scope, batch_id: int) -> PrintBatch:
    """Queues the files of a drawn batch that are not there any more. Raises NotThisBatch when none is missing."""
    found = _locked(scope, batch_id, {Status.DONE})
    missing = [part.pk for part in missing_parts(scope, batch_id)]
    if not missing:
        raise NotThisBatch
    PrintPart.objects.filter(pk__in=missing).update(drawn_at=None, file_name="")
    found.status = Status.QUEUED
    found.save(update_fields=["status"])
    record(scope, "cards:batch:redraw", subject=("print_batch", batch_id), detail={"files": len(missing)})
    return found


def _locked(scope: Scope, batch_id: int, allowed: Collection[str]) -> PrintBatch:
    batch(scope, batch_id)
    found = PrintBatch.objects.select_for_update().get(pk=batch_id)
    if found.status not in allowed:
        raise NotThisBatch
    return found


def _forget_files(scope: Scope, parts: Any) -> None:
    paths = [prints_dir() / part.file_name for part in parts]
    erase_files(scope, "cards:sheet:erase", [path for path in paths if path.is_file()])
    parts.update(file_name="")


def erase_sheets(scope: Scope) -> int:
    """Deletes the printed sheets that are older than the setting says; returns how many files."""
    scope.require(Permission.CARDS_CARD_PRINT)
    old = files_before(prints_dir(), now() - timedelta(days=settings().file_days))
    count = erase_files(scope, "cards:sheet:erase", old)
    PrintPart.objects.filter(file_name__in=[path.name for path in old]).update(file_name="")
    return count
