"""Print jobs: every layout, what stands where, broken off and gone on with, misprints, and the cost."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import pypdfium2
import pytest
import typer
import zxingcpp
from django.db import connection
from psycopg.conninfo import make_conninfo
from tests.cards.conftest import deliver_to, named
from tests.conftest import commune, resident_of, residents_of, scope_for

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.actions import drawing, issue_cards, make_issuer_key, printing, token_sha256
from ksdb.cards.actions.drawing import PrintDiskFull, draw_batch, draw_unfinished, print_batch
from ksdb.cards.actions.printing import How, NotOnTheSheet, NotThisBatch
from ksdb.cards.artwork import CARD_HEIGHT, CARD_WIDTH, HOLE
from ksdb.cards.keys import key_path
from ksdb.cards.life import NothingToPrint
from ksdb.cards.models import Card, CardPrint, IssuerKey, PrintBatch, Signature
from ksdb.cards.queries.printing import (
    cards_of_household,
    cards_on_sheets,
    parts_of,
    print_costs,
    prints_dir,
    stopped_batches,
    unfinished_batches,
)
from ksdb.cards.sheets import LAYOUTS
from ksdb.cli.printing import draw_all
from ksdb.core.clock import now
from ksdb.core.errors import NotFound
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.places.models import Division
from ksdb.registry.models import Resident

Status = PrintBatch.Status
pytestmark = pytest.mark.django_db


@pytest.fixture
def cards(system: Scope, issuer_key: IssuerKey, commune_a: Division) -> list[str]:
    """Tokens of ten people in three households, in walking order."""
    people = residents_of(commune_a, named(10))
    for door, some in enumerate((people[:2], people[2:9], people[9:])):
        deliver_to(some, door)
    return [card.token for card in issue_cards(system, [person.pk for person in people], Form.PAPER)]


def pages_of(batch: PrintBatch) -> list[list[str]]:
    """The codes on each page of all files of a batch, rasterised at 200 dpi."""
    pages = []
    for part in batch.parts.all():
        with pypdfium2.PdfDocument(prints_dir() / part.file_name) as document:
            pages += [
                [code.text for code in zxingcpp.read_barcodes(page.render(scale=200 / 72, grayscale=True).to_numpy())]
                for page in document
            ]
    return pages


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_page_of_every_layout_reads_as_the_ledger_has_it(
    layout: str, system: Scope, cards: list[str], commune_a: Division
) -> None:
    pages = pages_of(print_batch(system, commune_a.pk, Form.PAPER, how=How(layout)))
    read = [text for page in pages for text in page]
    assert Counter(read) == Counter(cards)
    ledger = {bytes(digest) for digest in Signature.objects.values_list("token_sha256", flat=True)}
    assert {token_sha256(text) for text in read} == ledger


@pytest.mark.parametrize("layout", ["a4-2x4", "a4-2x5", "large", "cr80"])
def test_a_second_decoder_reads_them_too(layout: str, system: Scope, cards: list[str], commune_a: Division) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER, how=How(layout))
    with pypdfium2.PdfDocument(prints_dir() / batch.parts.get().file_name) as document:
        page = document[0].render(scale=200 / 72, grayscale=True).to_numpy().copy()
    _, texts, _, _ = cv2.QRCodeDetectorAruco().detectAndDecodeMulti(page)
    assert len(texts) == min(LAYOUTS[layout].per_page, 10)
    assert set(texts) <= set(cards)


def test_backs_lie_behind_their_fronts_when_the_sheet_is_turned_over_the_long_edge(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    """The number on each back, mirrored over the middle of the page, stands within the card that has it in front."""
    batch = print_batch(system, commune_a.pk, Form.PAPER, how=How("a4-2x4-duplex"))
    with pypdfium2.PdfDocument(prints_dir() / batch.parts.get().file_name) as document:
        assert len(document) == 4
        front, back = (page.get_textpage() for page in (document[0], document[1]))
        width = document[0].get_width()
        layout = LAYOUTS["a4-2x4-duplex"]
        for place, printed in enumerate(CardPrint.objects.filter(batch=batch, sheet=1).order_by("position")):
            number = printed.card.number
            shown = " ".join((number[:4], number[4:8], number[8:]))
            x, y = layout.corner(place)
            assert shown in front.get_text_bounded(x, y, x + CARD_WIDTH, y + CARD_HEIGHT)
            turned = width - x - CARD_WIDTH
            assert shown in back.get_text_bounded(turned, y, turned + CARD_WIDTH, y + CARD_HEIGHT)


def test_nothing_that_is_read_stands_where_the_hole_is_punched(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER, how=How("cr80"))
    left, bottom, width, height = HOLE
    with pypdfium2.PdfDocument(prints_dir() / batch.parts.get().file_name) as document:
        assert len(document) == 20
        for page in document:
            assert page.get_textpage().get_text_bounded(left, bottom, left + width, bottom + height).strip() == ""
            assert (page.get_width(), page.get_height()) == pytest.approx((242.65, 153.01), abs=0.01)


def test_a_letter_holds_the_cards_of_one_household_and_names_its_door(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER, how=How("letter"))
    assert [len(page) for page in pages_of(batch)] == [2, 6, 1, 1]
    with pypdfium2.PdfDocument(prints_dir() / batch.parts.get().file_name) as document:
        texts = [page.get_textpage().get_text_range() for page in document]
    assert ["12 Lý Thái Tổ" in text for text in texts] == [True] * 4
    assert "ngõ 0" in texts[0]
    assert "ngõ 2" in texts[3]


def test_a_letter_is_never_cut_between_two_files(
    system: Scope, cards: list[str], commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "CARDS_PER_FILE", 3)
    batch = print_batch(system, commune_a.pk, Form.PAPER, how=How("letter"))
    assert [(part.first_position, part.end_position) for part in parts_of(system, batch.pk)] == [(0, 9), (9, 10)]


def test_sheets_are_known_by_the_line_at_their_foot(
    system: Scope, cards: list[str], commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "CARDS_PER_FILE", 9)
    batch = print_batch(system, commune_a.pk, Form.PAPER)
    found = cards_on_sheets(system, batch.pk, [(1, 2), (2, 1)])
    in_order = list(CardPrint.objects.filter(batch=batch).order_by("position").values_list("card_id", flat=True))
    assert sorted(found) == sorted(in_order[8:10])
    with pypdfium2.PdfDocument(prints_dir() / batch.parts.last().file_name) as document:
        assert "tờ 2-1" in document[0].get_textpage().get_text_range()


def test_misprints_alone_are_printed_again(system: Scope, cards: list[str], commune_a: Division) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER)
    bad = list(CardPrint.objects.filter(batch=batch, position__in=(3, 7)).values_list("card_id", flat=True))
    assert printing.report_misprints(system, batch.pk, bad) == 2
    again = draw_batch(system, printing.order_reprint(system, batch.pk).pk)
    assert again.reprint_of_id == batch.pk
    assert set(CardPrint.objects.filter(batch=again).values_list("card_id", flat=True)) == set(bad)
    assert len(pages_of(again)[0]) == 2
    with pytest.raises(NothingToPrint):
        printing.order_reprint(system, batch.pk)


def test_what_is_not_on_a_sheet_is_no_misprint(system: Scope, cards: list[str], commune_a: Division) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER)
    for wrong in ([], [4_000_000]):
        with pytest.raises(NotOnTheSheet):
            printing.report_misprints(system, batch.pk, wrong)


def test_the_cost_counts_once_the_sheets_are_printed(system: Scope, cards: list[str], commune_a: Division) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER, limit=6)
    span = (now() - timedelta(days=1), now() + timedelta(days=1))
    assert print_costs(system, *span) == []
    printing.report_printed(system, batch.pk)
    printing.report_misprints(system, batch.pk, [CardPrint.objects.filter(batch=batch)[0].card_id])
    again = draw_batch(system, printing.order_reprint(system, batch.pk).pk)
    printing.report_printed(system, again.pk)
    (cost,) = print_costs(system, *span)
    assert (cost.payer, cost.printed, cost.reprinted, cost.dong) == (commune_a.name, 7, 1, 7 * 1500)


def test_each_ward_pays_for_its_own_cards_whatever_it_is_called(
    system: Scope, cards: list[str], commune_a: Division, commune_b: Division
) -> None:
    issue_cards(system, [resident_of(commune_b, "Hồ Thị Y").pk], Form.PAPER)
    everybody = list(Card.objects.values_list("pk", flat=True))
    with pytest.raises(printing.SeveralPayers):
        printing.order_cards(system, everybody)
    by_province = printing.order_cards(system, everybody, How(is_paid_by_province=True))
    assert (by_province.card_count, by_province.payer.kind) == (11, Division.Kind.PROVINCE)
    printing.cancel_batch(system, by_province.pk)
    Division.objects.filter(pk=commune_b.pk).update(name=commune_a.name)
    for home in (commune_a, commune_b):
        batch = print_batch(system, home.pk, Form.PAPER, how=How("a4-2x5"))
        printing.report_printed(system, batch.pk)
    costs = print_costs(system, now() - timedelta(days=1), now() + timedelta(days=1))
    assert [(cost.payer, cost.printed) for cost in costs] == [(commune_a.name, 10), (commune_a.name, 1)]


def test_the_province_can_pay(system: Scope, cards: list[str], commune_a: Division) -> None:
    batch = printing.order_batch(system, commune_a.pk, Form.PAPER, how=How(is_paid_by_province=True))
    assert batch.payer.kind == Division.Kind.PROVINCE


def test_a_printed_batch_is_neither_cancelled_nor_drawn_again(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER)
    printing.report_printed(system, batch.pk)
    for act in (printing.cancel_batch, printing.report_printed):
        with pytest.raises(NotThisBatch):
            act(system, batch.pk)
    assert draw_batch(system, batch.pk).status == Status.PRINTED


def test_a_cancelled_batch_leaves_no_file(system: Scope, cards: list[str], commune_a: Division) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER)
    printing.cancel_batch(system, batch.pk)
    assert list(prints_dir().iterdir()) == []
    assert Entry.objects.filter(action="cards:sheet:erase").count() == 1
    assert print_batch(system, commune_a.pk, Form.PAPER).card_count == 10


def test_one_card_and_one_household_are_printed_again_at_the_desk(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    print_batch(system, commune_a.pk, Form.PAPER)
    card = Card.objects.order_by("pk")[0]
    single = draw_batch(system, printing.order_cards(system, [card.pk], How("single")).pk)
    assert [len(page) for page in pages_of(single)] == [1]
    child = Resident.objects.get(full_name=named(10)[5])
    letter = printing.order_cards(system, cards_of_household(system, child.pk, Form.PAPER), How("letter"))
    assert letter.card_count == 7


def test_the_neighbouring_ward_prints_and_reports_nothing_here(
    system: Scope, cards: list[str], commune_a: Division, minh: StaffAccount
) -> None:
    batch = print_batch(system, commune_a.pk, Form.PAPER)
    card, scope = Card.objects.all()[0], scope_for(minh)
    for attempt in (
        lambda: printing.order_cards(scope, [card.pk]),
        lambda: printing.report_printed(scope, batch.pk),
        lambda: printing.report_misprints(scope, batch.pk, [card.pk]),
        lambda: printing.order_reprint(scope, batch.pk),
        lambda: printing.cancel_batch(scope, batch.pk),
        lambda: cards_of_household(scope, card.resident_id, Form.PAPER),
        lambda: cards_on_sheets(scope, batch.pk, [(1, 1)]),
        lambda: draw_batch(scope, batch.pk),
    ):
        with pytest.raises(NotFound):
            attempt()
    assert print_costs(scope, now() - timedelta(days=1), now() + timedelta(days=1)) == []
    assert printing.order_all(scope, Form.PAPER) == []


def test_a_whole_province_is_a_batch_a_commune(
    system: Scope, cards: list[str], commune_a: Division, commune_b: Division
) -> None:
    other = resident_of(commune_b, "Hồ Thị Y")
    issue_cards(system, [other.pk], Form.PAPER)
    ids = printing.order_all(system, Form.PAPER)
    assert list(PrintBatch.objects.order_by("pk").values_list("division", "card_count")) == [
        (commune_a.pk, 10),
        (commune_b.pk, 1),
    ]
    assert draw_unfinished(system) == len(ids) == 2
    assert draw_unfinished(system) == 0


def test_what_another_worker_finished_meanwhile_is_not_counted(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    batch = printing.order_batch(system, commune_a.pk, Form.PAPER)
    seen_by_both = PrintBatch.objects.get(pk=batch.pk)
    assert drawing._drawn(system, batch)
    assert not drawing._drawn(system, seen_by_both)


@pytest.fixture
def small_disk(own_var_dir: Path) -> Iterator[Path]:
    """The folder of prints on a disk of its own, so small that a sheet of two cards fits and little more."""
    folder = own_var_dir / "prints"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k,mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small disk can be made by root alone, and not in every container")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_told_and_drawing_goes_on_by_itself(
    system: Scope, cards: list[str], commune_a: Division, monkeypatch: pytest.MonkeyPatch, small_disk: Path
) -> None:
    monkeypatch.setattr(printing, "CARDS_PER_FILE", 2)
    batch = printing.order_batch(system, commune_a.pk, Form.PAPER, limit=4)
    first = parts_of(system, batch.pk)[0]
    assert drawing._draw_part(system, batch, first, 0) == 2
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    with pytest.raises(PrintDiskFull):
        draw_unfinished(system)
    batch.refresh_from_db()
    assert (batch.status, batch.fault, batch.done_count) == (Status.FAILED, "print_disk_full", 2)
    assert sorted(path.name for path in small_disk.iterdir()) == ["ballast", f"batch-{batch.pk}-1.pdf"]
    written = (small_disk / f"batch-{batch.pk}-1.pdf").stat().st_mtime_ns
    ballast.unlink()
    assert draw_unfinished(system) == 1
    batch.refresh_from_db()
    assert (batch.status, batch.fault) == (Status.DONE, "")
    assert (small_disk / f"batch-{batch.pk}-1.pdf").stat().st_mtime_ns == written
    assert sum(len(page) for page in pages_of(batch)) == 4


def test_a_missing_key_is_waited_for_and_the_command_says_so(
    system: Scope, cards: list[str], commune_a: Division, issuer_key: IssuerKey
) -> None:
    batch = printing.order_batch(system, commune_a.pk, Form.PAPER)
    path = key_path(issuer_key.kid, bytes(issuer_key.public_key))
    aside = path.rename(path.with_suffix(".aside"))
    assert draw_unfinished(system) == 0
    batch.refresh_from_db()
    assert (batch.status, batch.fault) == (Status.FAILED, "key_file_missing")
    with pytest.raises(typer.Exit) as left:
        draw_all("paper", "a4-2x4", workers=0)
    assert left.value.exit_code == 1
    aside.rename(path)
    assert draw_unfinished(system) == 1
    draw_all("paper", "a4-2x4", workers=0)


def test_what_differs_from_the_ledger_is_not_tried_again_and_not_called_done(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    batch = printing.order_batch(system, commune_a.pk, Form.PAPER)
    Signature.objects.update(token_sha256=bytes(32))
    assert (draw_unfinished(system), unfinished_batches(system)) == (0, [])
    assert stopped_batches(system) == {batch.pk: "not_in_ledger"}
    with pytest.raises(typer.Exit):
        draw_all("paper", "a4-2x4", workers=0)


def test_deleted_files_are_drawn_again_until_the_sheets_are_printed(
    system: Scope, cards: list[str], commune_a: Division, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "CARDS_PER_FILE", 6)
    batch = print_batch(system, commune_a.pk, Form.PAPER)
    with pytest.raises(NotThisBatch):
        printing.order_redraw(system, batch.pk)
    (prints_dir() / f"batch-{batch.pk}-2.pdf").unlink()
    standing = (prints_dir() / f"batch-{batch.pk}-1.pdf").stat().st_mtime_ns
    assert draw_batch(system, printing.order_redraw(system, batch.pk).pk).done_count == 10
    assert (prints_dir() / f"batch-{batch.pk}-1.pdf").stat().st_mtime_ns == standing
    assert Counter(text for page in pages_of(batch) for text in page) == Counter(cards)
    printing.report_printed(system, batch.pk)
    (prints_dir() / f"batch-{batch.pk}-1.pdf").unlink()
    with pytest.raises(NotThisBatch):
        printing.order_redraw(system, batch.pk)


def test_a_batch_cancelled_just_before_it_is_drawn_stays_cancelled(
    system: Scope, cards: list[str], commune_a: Division
) -> None:
    batch = printing.order_batch(system, commune_a.pk, Form.PAPER)
    seen_by_the_worker = PrintBatch.objects.get(pk=batch.pk)
    printing.cancel_batch(system, batch.pk)
    assert not drawing._drawn(system, seen_by_the_worker)
    assert not prints_dir().exists()
    batch.refresh_from_db()
    assert batch.status == Status.CANCELLED


WORKER = """
import django; django.setup()
import sys
from ksdb.cards.actions.drawing import draw_batch
from ksdb.core.scope import system_scope
draw_batch(system_scope(), int(sys.argv[1]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_sixty_percent_is_gone_on_with(
    clean_registry: None, system: Scope, own_var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No card twice and none missing, whenever `kill -9` comes; what stood is not drawn again."""
    make_issuer_key(system)
    home = commune("Phường Hương Vân")
    people = residents_of(home, named(100))
    tokens = {card.token for some in (people[at : at + 50] for at in range(0, 100, 50))
              for card in issue_cards(system, [person.pk for person in some], Form.PAPER)}  # fmt: skip
    monkeypatch.setattr(printing, "CARDS_PER_FILE", 2)
    batch = printing.order_batch(system, home.pk, Form.PAPER)
    address = connection.settings_dict
    environment = os.environ | {
        "KSDB_VAR_DIR": str(own_var_dir),
        "KSDB_DATABASE_URL": _url(address),
        "DJANGO_SETTINGS_MODULE": "ksdb.site.settings",
    }
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(batch.pk)], env=environment)
    while batch.done_count < 60 and worker.poll() is None:
        time.sleep(0.002)
        batch.refresh_from_db()
    worker.kill()
    assert worker.wait() == -signal.SIGKILL
    batch.refresh_from_db()
    assert (batch.status, 60 <= batch.done_count < 100) == (Status.RUNNING, True)
    standing = {part.file_name: (prints_dir() / part.file_name).stat().st_mtime_ns
                for part in batch.parts.exclude(file_name="")}  # fmt: skip
    while draw_unfinished(system) == 0:  # until PostgreSQL has seen that the connection is gone
        time.sleep(0.05)
    batch.refresh_from_db()
    assert (batch.status, batch.done_count) == (Status.DONE, 100)
    read = Counter(text for page in pages_of(batch) for text in page)
    assert set(read) == tokens
    assert set(read.values()) == {1}
    assert standing.items() <= {path.name: path.stat().st_mtime_ns for path in prints_dir().iterdir()}.items()
    assert not list(prints_dir().glob("*.part"))


def _url(address: dict[str, Any]) -> str:
    place = {"host": address["HOST"], "port": address["PORT"] or None}
    return make_conninfo(
        "", dbname=address["NAME"], user=address["USER"], password=address["PASSWORD"] or None, **place
    )
