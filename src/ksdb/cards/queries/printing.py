"""Reads of print jobs: what waits to be printed, the batches and their files, the cards of a file, what it cost."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from ksdb.cards.life import PRINTABLE, TRIED_AGAIN
from ksdb.cards.models import Card, PrintBatch, PrintPart
from ksdb.cards.queries import residents_without_card
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.names import sort_key
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import Form
from ksdb.places.models import Division
from ksdb.places.queries import covers, within
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident


@dataclass(frozen=True)
class PrintCounts:
    """What waits to be printed in a division, and how many residents there need a card and have no live one."""

    ready: int
    without_card: int


@dataclass(frozen=True, slots=True)
class BatchCard:
    """A card of a print batch: its face, where it is handed over, its claims, and its token's line in the ledger."""

    index: int
    number: str
    form: Form
    expires_at: datetime
    resident_id: int
    full_name: str
    birth_year: int
    commune: str
    household_id: int
    address: str
    group: str
    kid: int
    token_sha256: bytes


@dataclass(frozen=True)
class Cost:
    """What printing one form of card cost one budget, in đồng; `reprinted` of the `printed` cards were misprints."""

    payer: str
    form: Form
    printed: int
    reprinted: int
    dong: int


def _rows(name: str, **parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", name), parameters)
        return list(cursor.fetchall())


def print_counts(scope: Scope, division_id: int, form: Form) -> PrintCounts:
    """Raises NotFound outside the jurisdiction. To whoever issues no cards, nobody is without one."""
    if not covers(scope, Permission.CARDS_CARD_PRINT, division_id):
        raise NotFound
    rows = _rows("ready_to_print", division=division_id, form=int(form), printable=_values(PRINTABLE), at=now())
    issues = covers(scope, Permission.CARDS_CARD_ISSUE, division_id)
    return PrintCounts(rows[0][0], len(residents_without_card(scope, division_id)) if issues else 0)


def divisions_to_print(scope: Scope, chosen: int | None = None) -> list[Division]:
    """Communes of the jurisdiction where somebody is registered, by name.

    Where there is one, its residential groups follow it; else those of the commune that is, or holds, the chosen one.
    """
    lived_in = Division.objects.filter(
        within(scope, Permission.CARDS_CARD_PRINT, "pk"), Exists(Resident.objects.filter(division=OuterRef("pk")))
    )
    groups = list(lived_in.select_related("parent").order_by("position", "code"))
    communes = {d.pk: d for d in (g.parent if g.kind == Division.Kind.GROUP and g.parent else g for g in groups)}
    covered = [d for d in communes.values() if covers(scope, Permission.CARDS_CARD_PRINT, d.pk)]
    opened = next(iter(communes)) if len(communes) == 1 else None
    opened = opened or next((g.parent_id for g in groups if g.pk == chosen and g.pk not in communes), chosen)
    inside = [group for group in groups if group.parent_id == opened and group.pk not in communes]
    in_order = sorted(covered, key=lambda d: sort_key(d.name))
    shown = [one for commune in in_order for one in (commune, *(inside if commune.pk == opened else ()))]
    return shown + (inside if opened not in {commune.pk for commune in covered} else [])


def commune_of(scope: Scope, division: Division) -> Division:
    """The commune a division is or lies in: whose budget bears its cards unless somebody else is named."""
    scope.require(Permission.CARDS_CARD_PRINT)
    return division.parent if division.kind == Division.Kind.GROUP and division.parent else division


def communes_to_print(scope: Scope, form: Form) -> list[tuple[int, int]]:
    """Communes by id with how many of their cards no batch holds yet; those the scope reaches, largest first."""
    rows = _rows("communes_to_print", form=int(form), printable=_values(PRINTABLE), at=now())
    return [(pk, count) for pk, count in rows if covers(scope, Permission.CARDS_CARD_PRINT, pk)]


def batches(scope: Scope) -> QuerySet[PrintBatch]:
    """Print batches of the jurisdiction, latest first."""
    return PrintBatch.objects.filter(within(scope, Permission.CARDS_CARD_PRINT)).select_related("division", "payer")


def batch(scope: Scope, batch_id: int) -> PrintBatch:
    found = batches(scope).filter(pk=batch_id).first()
    if found is None:
        raise NotFound
    return found


def unfinished_batches(scope: Scope) -> list[int]:
    """Batches that wait, whose drawing was broken off, or that failed for want of room or of a key; oldest first.

    A card that differs from the ledger is looked at by somebody first: such a batch is not among them.
    """
    stopped = Q(status=PrintBatch.Status.FAILED, fault__in=TRIED_AGAIN)
    waiting = batches(scope).filter(stopped | Q(status__in=[PrintBatch.Status.QUEUED, PrintBatch.Status.RUNNING]))
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def stopped_batches(scope: Scope) -> dict[int, str]:
    """Batches that failed, each with the code of its fault; oldest first."""
    failed = batches(scope).filter(status=PrintBatch.Status.FAILED)
    return dict(failed.order_by("pk").values_list("pk", "fault"))


def parts_of(scope: Scope, batch_id: int) -> list[PrintPart]:
    """The files of a batch, in order; drawn or not."""
    return list(batch(scope, batch_id).parts.all())


def missing_parts(scope: Scope, batch_id: int) -> list[PrintPart]:
    """Files of a batch that were drawn and are not there any more."""
    drawn = (part for part in parts_of(scope, batch_id) if part.drawn_at)
    return [part for part in drawn if not part.file_name or not (prints_dir() / part.file_name).is_file()]


def prints_dir() -> Path:
    return settings().var_dir / "prints"


def cards_of_part(scope: Scope, part: PrintPart) -> Iterator[BatchCard]:
    """The cards of a file that are still good, in order. Whoever prints them writes the audit rows."""
    found = batch(scope, part.batch_id)
    rows = _rows(
        "faces_of_part",
        batch=found.pk,
        first=part.first_position,
        end=part.end_position,
        printable=_values(PRINTABLE),
    )
    for row in rows:
        yield BatchCard(*row)


def cards_of_household(scope: Scope, resident_id: int, form: Form) -> list[int]:
    """The good cards of a form in the household a resident lives in; of the resident alone where it is unknown."""
    cards = Card.objects.filter(within(scope, Permission.CARDS_CARD_PRINT, "resident__division"))
    own = cards.filter(resident=resident_id).select_related("resident").first()
    if own is None:
        raise NotFound
    if own.resident.household_id is None:
        good = cards.filter(resident=resident_id, form=form, status__in=PRINTABLE, expires_at__gt=now())
        return list(good.values_list("pk", flat=True))
    rows = _rows(
        "cards_of_household",
        household=own.resident.household_id,
        form=int(form),
        printable=_values(PRINTABLE),
        at=now(),
    )
    return [index for (index,) in rows]


def cards_on_sheets(scope: Scope, batch_id: int, sheets: Sequence[tuple[int, int]]) -> list[int]:
    """The cards on sheets of a batch, each named by file and sheet."""
    found = batch(scope, batch_id)
    rows = _rows("cards_on_sheets", batch=found.pk, parts=[p for p, _ in sheets], sheets=[s for _, s in sheets])
    return [index for (index,) in rows]


def misprints_to_print(scope: Scope, batch_id: int) -> list[int]:
    """Misprinted cards of a batch that were not ordered again yet."""
    rows = _rows("misprints_to_print", batch=batch(scope, batch_id).pk)
    return [index for (index,) in rows]


def print_costs(scope: Scope, since: datetime, until: datetime) -> list[Cost]:
    """What printing cost in a time, by payer and form. One row a payer and form."""
    rows = _rows("print_costs", since=since, until=until, outer=scope.outer(Permission.CARDS_CARD_PRINT))
    return [Cost(payer, Form(form), *rest) for payer, form, *rest in rows]


def _values(statuses: Iterable[CardStatus]) -> list[int]:
    return [int(status) for status in statuses]
