"""Draws print jobs file by file: a file is there whole or not at all, so whoever goes on draws what is missing."""

import errno
import hashlib
import os
import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pypdfium2
import zxingcpp
from django.db import connection, transaction

from ksdb.audit.actions import record, record_many
from ksdb.cards.actions import token_sha256
from ksdb.cards.actions.printing import MOST_PRINTED, WARD_SHEETS, How, order_batch
from ksdb.cards.artwork import Door, Face
from ksdb.cards.keys import SigningKey, signing_key
from ksdb.cards.life import NotInLedger
from ksdb.cards.models import IssuerKey, PrintBatch, PrintPart
from ksdb.cards.queries.printing import BatchCard, batch, cards_of_part, prints_dir, unfinished_batches
from ksdb.cards.sheets import LAYOUTS, Backs, Layout, Sheet, write_sheets
from ksdb.core.clock import day_of, now
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Purpose, Scope
from ksdb.core.token import Claims, Form, expiry, sign_token
from ksdb.postgres.named import sql

Status = PrintBatch.Status
_DISK_IS_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_PROGRESS_STEP = 96
_PROOF_DPI = (200, 300)
"""Looked at finer where something was missed: of a thousand whole sheets the reader missed one."""


class PrintDiskFull(KsdbError):
    """The disk for prints is full. Make room on it, then choose “Draw the rest”: what is drawn already stays."""

    code = "print_disk_full"
    status = 507


class PrintUnreadable(KsdbError):
    """Codes on a sheet that was just drawn do not read as the ledger has them. Nothing was handed out; tell the
    administrator at once."""

    code = "print_unreadable"
    status = 500


def draw_batch(scope: Scope, batch_id: int) -> PrintBatch:
    """Draws what is missing of a batch into var/prints, readable by this user alone; its progress shows in the batch.

    Whoever draws holds a lock that ends with the connection, so a worker that was killed stands in nobody's way, and
    two never draw the same batch. Raises PrintDiskFull, NotInLedger.
    """
    found = batch(scope, batch_id)
    _drawn(scope, found)
    return found


def _drawn(scope: Scope, found: PrintBatch) -> bool:
    """Whether it was drawn to its end here, and not by somebody else meanwhile."""
    with _alone_with(found.pk) as is_alone:
        if not is_alone or not _is_begun(found):
            return False
        try:
            _draw_missing(scope, found)
        except KsdbError as error:
            _set(found, status=Status.FAILED, fault=error.code)
            raise
        except Exception:
            _set(found, status=Status.FAILED, fault=KsdbError.code)
            raise
        _set(found, status=Status.DONE, fault="")
    return True


def _is_begun(found: PrintBatch) -> bool:
    """Whether it is being drawn from now on. In one statement, so that a batch cancelled just now stays cancelled."""
    waiting = PrintBatch.objects.filter(pk=found.pk, status__in=[Status.QUEUED, Status.RUNNING, Status.FAILED])
    is_begun = waiting.update(status=Status.RUNNING, fault="") == 1
    found.refresh_from_db()
    return is_begun


def draw_unfinished(scope: Scope) -> int:
    """Draws every batch that waits, was broken off, or lacked room or a key, and at which nobody is.

    Returns how many it has done itself. A batch that fails says so itself, and the next one is drawn. Raises
    PrintDiskFull, which would fail them all.
    """
    done = 0
    for batch_id in unfinished_batches(scope):
        try:
            done += _drawn(scope, batch(scope, batch_id))
        except PrintDiskFull:
            raise
        except KsdbError:
            continue
    return done


def print_batch(
    scope: Scope, division_id: int, form: Form, limit: int = MOST_PRINTED, how: How = WARD_SHEETS
) -> PrintBatch:
    """Orders a batch and draws it at once; pages leave the drawing to a job."""
    return draw_batch(scope, order_batch(scope, division_id, form, limit, how).pk)


def file_of_part(scope: Scope, batch_id: int, number: int) -> Path:
    """Where a drawn file of a batch lies, for a download. Audited. Raises NotFound."""
    part = PrintPart.objects.filter(batch=batch(scope, batch_id), number=number).exclude(file_name="").first()
    if part is None or not (path := prints_dir() / part.file_name).is_file():
        raise NotFound
    record(scope, "cards:batch:download", subject=("print_batch", batch_id), detail={"file": number})
    return path


@contextmanager
def _alone_with(batch_id: int) -> Iterator[bool]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('ksdb.cards.draw'), %s)", [batch_id])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtext('ksdb.cards.draw'), %s)", [batch_id])


def _draw_missing(scope: Scope, found: PrintBatch) -> None:
    parts = list(PrintPart.objects.filter(batch=found))
    done = sum(part.card_count for part in parts if part.drawn_at)
    _set(found, done_count=done)
    for part in parts:
        if part.drawn_at is None:
            done += _draw_part(scope, found, part, done)
            _set(found, done_count=done)


def _draw_part(scope: Scope, found: PrintBatch, part: PrintPart, before: int) -> int:
    """Draws one file and enters it, with a line in the trail for each person on it; returns the count of cards."""
    cards = list(cards_of_part(scope, part))
    margin_line = f"Lô {found.pk} · {found.division.name}"
    sheet = Sheet(LAYOUTS[found.layout], f"ksdb {found.pk}-{part.number}", margin_line, part.number)
    name = f"batch-{found.pk}-{part.number}.pdf"
    with _whole_file(prints_dir() / name) as path:
        _write(path, cards, sheet, _Progress(found, before))
        _prove(path, cards, sheet.layout)
    with transaction.atomic():
        subjects = [("resident", card.resident_id) for card in cards]
        record_many(scope, "cards:card:print", subjects, Purpose.CARD_SERVICE, {"batch": found.pk})
        _note_sheets(found, cards, sheet.layout)
        part.file_name, part.card_count, part.drawn_at = name, len(cards), now()
        part.file_sha256 = file_sha256(prints_dir() / name)
        part.save(update_fields=["file_name", "card_count", "drawn_at", "file_sha256"])
    return len(cards)


def file_sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


class _Progress:
    """Says in the batch how many cards are drawn, now and then."""

    def __init__(self, found: PrintBatch, before: int) -> None:
        self._found, self._before, self._said = found, before, 0

    def __call__(self, drawn: int) -> None:
        if drawn - self._said >= _PROGRESS_STEP:
            self._said = drawn
            _set(self._found, done_count=self._before + drawn)


@contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    """A name to write to, which becomes `path` when all is written and on the disk. Raises PrintDiskFull."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".part")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as error:
        if error.errno not in _DISK_IS_FULL:
            raise
        raise PrintDiskFull from error
    finally:
        unfinished.unlink(missing_ok=True)


def _write(path: Path, cards: Sequence[BatchCard], sheet: Sheet, on_page: Any) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        write_sheets(file, ((face, None) for face in _faces(cards)), sheet, on_page=on_page)
        file.flush()
        os.fsync(file.fileno())


def _prove(path: Path, cards: Sequence[BatchCard], layout: Layout) -> None:
    """Rasterises the last sheet and one drawn at random, and reads them: each code there is that of the ledger.

    Two sheets a file, as each takes as long as drawing 200 cards (decision 110). Raises PrintUnreadable.
    """
    sheets = layout.sheets_of([card.household_id for card in cards])
    pages_a_sheet = 2 if layout.backs == Backs.NEXT_PAGE else 1
    with pypdfium2.PdfDocument(path) as document:
        for sheet in {sheets[-1], random.choice(sheets)} if sheets else ():  # noqa: S311 - a sample, no secret
            page = document[(sheet - 1) * pages_a_sheet]
            known = {bytes(card.token_sha256) for card, at in zip(cards, sheets, strict=True) if at == sheet}
            if not any(_read(page, dpi) == known for dpi in _PROOF_DPI):
                raise PrintUnreadable


def _read(page: pypdfium2.PdfPage, dpi: int) -> set[bytes]:
    """The hashes of all codes that a reader finds on the page; it looks for nothing but QR codes."""
    picture = page.render(scale=dpi / 72, grayscale=True).to_numpy()
    qr_only = zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
    return {token_sha256(code.text) for code in zxingcpp.read_barcodes(picture, formats=qr_only)}


def _note_sheets(found: PrintBatch, cards: Sequence[BatchCard], layout: Layout) -> None:
    sheets = layout.sheets_of([card.household_id for card in cards])
    parameters: dict[str, Any] = {"batch": found.pk, "cards": [card.index for card in cards], "sheets": sheets}
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "set_sheets"), parameters)


def _faces(cards: Iterable[BatchCard]) -> Iterator[Face]:
    keys: dict[int, SigningKey] = {}
    for card in cards:
        if card.kid not in keys:
            keys[card.kid] = signing_key(card.kid, bytes(IssuerKey.objects.get(pk=card.kid).public_key))
        yield Face(
            token=_signed_again(card, keys[card.kid]),
            number=card.number,
            form=Form(card.form),
            full_name=card.full_name,
            birth_year=card.birth_year,
            commune=card.commune,
            expires_on=day_of(card.expires_at),
            door=Door(card.household_id, card.address, card.group),
        )


def _signed_again(card: BatchCard, key: SigningKey) -> str:
    # Signing repeats itself (RFC 6979), so a print is the token of the ledger and adds no line to it.
    token = sign_token(Claims(card.index, Form(card.form), expiry(card.expires_at)), key.kid, key.private_key)
    if token_sha256(token) != bytes(card.token_sha256):
        raise NotInLedger
    return token


def _set(changed: PrintBatch, **values: Any) -> None:
    for name, value in values.items():
        setattr(changed, name, value)
    changed.save(update_fields=list(values))
