import stat
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from django.db import connection
from reportlab.pdfbase import pdfmetrics
from tests.conftest import resident_of, residents_of, scope_for

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards import artwork, jobs
from ksdb.cards.actions import (
    activate_cards,
    change_status,
    issue_cards,
    token_sha256,
)
from ksdb.cards.actions.drawing import PrintUnreadable, draw_batch, file_of_part, print_batch
from ksdb.cards.actions.printing import How, cancel_batch, order_batch
from ksdb.cards.artwork import (
    BOLD,
    CARD_HEIGHT,
    CARD_WIDTH,
    LOOKS,
    QR_SIDE,
    REGULAR,
    SMALLEST,
    fitted,
    place_lines,
    register_fonts,
    spaced,
)
from ksdb.cards.large import SCALE
from ksdb.cards.life import NothingToPrint, NotInLedger, Reason
from ksdb.cards.models import Card, CardPrint, IssuerKey, PrintBatch, Signature
from ksdb.cards.queries.printing import batches, divisions_to_print, print_counts, prints_dir
from ksdb.cards.sheets import LAYOUTS, _marks_at
from ksdb.cards.symbols import symbol
from ksdb.config import settings
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.places.actions import load_reference
from ksdb.places.models import Division
from ksdb.registry.models import Resident

pytestmark = pytest.mark.django_db

NAMES = [
    "Nguyễn Thị Lan",
    "CÔNG TẰNG TÔN NỮ THỊ DIỆU HƯƠNG",
    "Công Tằng Tôn Nữ Thị Diệu Hương",
    "Nguyễn Phước Tôn Thất Trường Giang",
    "Hồ Thị Y",
    "Lê Văn Bình",
    "Đặng Thuỳ Trâm",
    "Trần Ngọc Quỳnh Như",
    "Phan Ưng",
    "Đỗ Ỷ",
]


@pytest.fixture
def residents(commune_a: Division) -> list[Resident]:
    return residents_of(commune_a, NAMES)


@pytest.fixture
def printed(system: Scope, issuer_key: IssuerKey, residents: list[Resident], commune_a: Division) -> PrintBatch:
    issue_cards(system, [resident.pk for resident in residents], Form.PAPER)
    return print_batch(system, commune_a.pk, Form.PAPER)


def file_of(batch: PrintBatch) -> Path:
    return prints_dir() / batch.parts.get().file_name


def decoded(path: Path) -> list[list[str]]:
    """The texts of the codes of each page, rasterised at 200 dpi."""
    with pypdfium2.PdfDocument(path) as document:
        pages = [page.render(scale=200 / 72, grayscale=True).to_numpy().copy() for page in document]
    return [[code.text for code in zxingcpp.read_barcodes(page)] for page in pages]


def test_every_printed_code_reads_as_the_ledger_has_it(printed: PrintBatch) -> None:
    pages = decoded(file_of(printed))
    assert [len(page) for page in pages] == [8, 2]
    ledger = {bytes(digest) for digest in Signature.objects.values_list("token_sha256", flat=True)}
    assert {token_sha256(text) for page in pages for text in page} == ledger
    assert len(ledger) == len(NAMES)


def test_the_file_is_for_this_user_alone_and_its_name_tells_nothing(printed: PrintBatch) -> None:
    path = file_of(printed)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.name == f"batch-{printed.pk}-1.pdf"
    assert list(path.parent.iterdir()) == [path]


def test_the_pages_carry_names_numbers_and_a_title_without_names(printed: PrintBatch) -> None:
    with pypdfium2.PdfDocument(file_of(printed)) as document:
        text = " ".join(page.get_textpage().get_text_range() for page in document)
        title = document.get_metadata_dict()["Title"]
    words = text.split()
    for name in NAMES:
        assert set(name.split()) <= set(words), name
    assert "".join(words).count("THẺKIỂMSOÁTDỊCHBỆNH") == len(NAMES)
    for number in Card.objects.values_list("number", flat=True):
        assert number in "".join(words)
    assert title == f"ksdb {printed.pk}-1"


def test_a_batch_says_how_far_it_is(printed: PrintBatch) -> None:
    printed.refresh_from_db()
    assert (printed.status, printed.done_count, printed.card_count) == (PrintBatch.Status.DONE, 10, 10)


def test_each_printed_person_has_a_line_in_the_trail(printed: PrintBatch, residents: list[Resident]) -> None:
    entries = Entry.objects.filter(action="cards:card:print", subject="resident")
    assert set(entries.values_list("subject_id", flat=True)) == {resident.pk for resident in residents}


def test_nothing_is_printed_twice(printed: PrintBatch, system: Scope, commune_a: Division) -> None:
    with pytest.raises(NothingToPrint):
        order_batch(system, commune_a.pk, Form.PAPER)
    assert print_counts(system, commune_a.pk, Form.PAPER).ready == 0


def test_a_cancelled_batch_gives_its_cards_back(
    system: Scope, issuer_key: IssuerKey, residents: list[Resident], commune_a: Division
) -> None:
    issue_cards(system, [residents[0].pk], Form.PAPER)
    Signature.objects.update(token_sha256=bytes(32))
    with pytest.raises(NotInLedger):
        print_batch(system, commune_a.pk, Form.PAPER)
    failed = PrintBatch.objects.get()
    assert (failed.status, failed.fault) == (PrintBatch.Status.FAILED, "not_in_ledger")
    assert print_counts(system, commune_a.pk, Form.PAPER).ready == 0
    cancel_batch(system, failed.pk)
    assert print_counts(system, commune_a.pk, Form.PAPER).ready == 1


def test_counts_of_a_division(
    system: Scope, issuer_key: IssuerKey, residents: list[Resident], commune_a: Division
) -> None:
    cards = issue_cards(system, [resident.pk for resident in residents[:4]], Form.PAPER)
    activate_cards(system, [cards[0].index])
    counts = print_counts(system, commune_a.pk, Form.PAPER)
    assert (counts.ready, counts.without_card) == (4, 6)
    assert print_counts(system, commune_a.pk, Form.PLASTIC).ready == 0


def test_a_card_revoked_after_the_order_is_not_printed(
    system: Scope, issuer_key: IssuerKey, residents: list[Resident], commune_a: Division
) -> None:
    cards = issue_cards(system, [resident.pk for resident in residents[:3]], Form.PAPER)
    batch = order_batch(system, commune_a.pk, Form.PAPER)
    change_status(system, cards[1].index, CardStatus.REVOKED, Reason.WRONG_DATA)
    drawn = draw_batch(system, batch.pk)
    assert (drawn.done_count, drawn.card_count) == (2, 3)
    assert set(decoded(file_of(drawn))[0]) == {cards[0].token, cards[2].token}


def test_a_batch_goes_from_door_to_door(
    system: Scope, issuer_key: IssuerKey, residents: list[Resident], commune_a: Division
) -> None:
    issue_cards(system, [resident.pk for resident in residents], Form.PAPER)
    batch = order_batch(system, commune_a.pk, Form.PAPER, limit=3)
    in_order = CardPrint.objects.filter(batch=batch).order_by("position").values_list("card__resident_id", flat=True)
    by_name = sorted(residents, key=lambda resident: resident.sort_key)
    assert list(in_order) == [resident.pk for resident in by_name[:3]]


def test_another_ward_sees_no_batch_and_no_file(printed: PrintBatch, minh: StaffAccount, commune_a: Division) -> None:
    scope = scope_for(minh)
    assert not batches(scope).exists()
    assert divisions_to_print(scope) == []
    for attempt in (
        lambda: file_of_part(scope, printed.pk, 1),
        lambda: order_batch(scope, commune_a.pk, Form.PAPER),
        lambda: print_counts(scope, commune_a.pk, Form.PAPER),
    ):
        with pytest.raises(NotFound):
            attempt()


def test_a_ward_officer_chooses_the_ward_or_a_group(binh: StaffAccount, lan: Resident, commune_a: Division) -> None:
    assert divisions_to_print(scope_for(binh)) == [commune_a, lan.division]


def test_the_province_chooses_a_commune_and_then_its_groups(
    system: Scope, lan: Resident, commune_a: Division, commune_b: Division
) -> None:
    resident_of(commune_b, "Hồ Thị Y")
    both = {commune_a, commune_b}
    assert set(divisions_to_print(system)) == both
    for chosen in (commune_a, lan.division):
        shown = divisions_to_print(system, chosen.pk)
        assert shown[shown.index(commune_a) + 1] == lan.division
        assert set(shown) == both | {lan.division}


def test_the_job_draws_what_was_ordered(
    binh: StaffAccount, issuer_key: IssuerKey, residents: list[Resident], commune_a: Division
) -> None:
    scope = scope_for(binh)
    issue_cards(scope, [residents[0].pk], Form.PAPER)
    batch_id = jobs.queued(lambda: order_batch(scope, commune_a.pk, Form.PAPER))
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs")
        assert cursor.fetchall() == [("ksdb.cards.jobs.draw", f'{{"batch_id": {batch_id}}}')]
    jobs.draw(batch_id)
    assert len(decoded(file_of_part(scope, batch_id, 1))[0]) == 1


@pytest.mark.parametrize("name", LAYOUTS)
def test_cards_of_a_layout_lie_on_the_page_and_apart(name: str) -> None:
    layout = LAYOUTS[name]
    points = 72 / 25.4
    corners = [layout.corner(place) for place in range(layout.per_page)]
    for x, y in corners:
        assert -0.1 <= x <= layout.page_width * points - 85.6 * points + 0.1
        assert -0.1 <= y <= layout.page_height * points - 53.98 * points + 0.1
    assert len(set(corners)) == layout.per_page


@pytest.mark.parametrize("name", [name for name in LAYOUTS if not LAYOUTS[name].is_card])
def test_cut_marks_touch_no_card(name: str) -> None:
    layout = LAYOUTS[name]
    width, height = CARD_WIDTH * layout.scale, CARD_HEIGHT * layout.scale
    cards = [layout.corner(place) for place in range(layout.per_page)]
    marks = [mark for place in range(layout.per_page) for mark in _marks_at(layout, place)]
    assert len(marks) >= 8
    for x, y in cards:
        for x1, y1, x2, y2 in marks:
            is_beside = max(x1, x2) < x or min(x1, x2) > x + width
            is_over = max(y1, y2) < y or min(y1, y2) > y + height
            assert is_beside or is_over, (name, x1, y1, x2, y2)


def test_a_symbol_is_version_6_and_its_modules_are_four_fifths_of_a_millimetre() -> None:
    made = symbol("1" + "7" * 234)
    assert made.side == 41
    assert QR_SIDE / (made.side + 8) * 25.4 / 72 == pytest.approx(0.816, abs=0.001)


LONG = ["W" * 120, "A" * 60, "Một Hai Ba Bốn Năm Sáu Bảy Tám Chín Mười Mười-Một Mười-Hai", f"Lê {'W' * 117}"]


@pytest.mark.parametrize("name", [*NAMES, *LONG, "Y"])
def test_no_name_leaves_its_place(name: str) -> None:
    register_fonts()
    size, lines = fitted(name, BOLD, (13, 8), 106, 2)
    assert len(lines) <= 2
    assert all(pdfmetrics.stringWidth(line, BOLD, size) <= 106 for line in lines)
    assert "".join(lines).replace(" ", "") == name.replace(" ", "")
    if name in NAMES:
        assert " ".join(lines) == name
        assert size >= 8


def test_every_commune_can_be_read_on_its_cards(system: Scope) -> None:
    register_fonts()
    load_reference(system)
    names = set(Division.objects.filter(kind=Division.Kind.COMMUNE).values_list("name", flat=True))
    assert "Xã Chân Mây - Lăng Cô" in names
    assert {name for name in names if place_lines(name)[0] < SMALLEST} == set()


@pytest.mark.parametrize("form", [Form.PAPER, Form.PLASTIC])
def test_a_face_says_who_where_since_when_and_whom_to_call(
    system: Scope, issuer_key: IssuerKey, commune_a: Division, form: Form
) -> None:
    lan = resident_of(commune_a, "W" * 120, 1956)
    card = issue_cards(system, [lan.pk], form)[0]
    path = file_of(print_batch(system, commune_a.pk, form, how=How("cr80")))
    assert decoded(path)[0] == [card.token], "a name of one endless word leaves the symbol alone"
    with pypdfium2.PdfDocument(path) as document:
        text = document[0].get_textpage().get_text_range()
        band = document[0].render(scale=2).to_numpy()[10, 20]
    for said in ("1956", commune_a.name, settings().hotline, spaced(card.number), LOOKS[form].word):
        assert said in text, said
    assert tuple(int(part) for part in band[2::-1]) == tuple(round(part * 255) for part in LOOKS[form].band.rgb())


def test_a_large_card_has_a_face_of_its_own_with_nothing_small_on_it(
    system: Scope, issuer_key: IssuerKey, commune_a: Division
) -> None:
    grandmother = resident_of(commune_a, "Công Tằng Tôn Nữ Thị Diệu Hương", 1938)
    card = issue_cards(system, [grandmother.pk], Form.PAPER)[0]
    path = file_of(print_batch(system, commune_a.pk, Form.PAPER, how=How("large")))
    assert decoded(path) == [[card.token]]
    x, y = LAYOUTS["large"].corner(0)
    with pypdfium2.PdfDocument(path) as document:
        page = document[0].get_textpage()
        within = (x, y, x + CARD_WIDTH * SCALE, y + CARD_HEIGHT * SCALE * 0.8)
        for said in (
            "Công Tằng Tôn Nữ Thị Diệu Hương",
            "1938",
            commune_a.name,
            spaced(card.number),
            settings().hotline,
        ):
            assert said in " ".join(page.get_text_bounded(*within).split()), said
        boxes = [page.get_charbox(at, loose=True) for at in range(page.count_chars())]
        below_head = [top - bottom for left, bottom, right, top in boxes if y < bottom < within[3] and right > left]
    line_height = sum(abs(part) for part in pdfmetrics.getAscentDescent(REGULAR, 1))
    assert len(below_head) > 60
    assert min(below_head) >= 11.9 * line_height


def test_a_sheet_that_no_reader_can_read_is_not_handed_out(
    system: Scope,
    issuer_key: IssuerKey,
    residents: list[Resident],
    commune_a: Division,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With symbols a tenth of their size nothing can be scanned; the job says so and leaves no file."""
    issue_cards(system, [residents[0].pk], Form.PAPER)
    x, y, side = artwork.QR_PLACE
    monkeypatch.setattr(artwork, "QR_PLACE", (x, y, side / 10))
    with pytest.raises(PrintUnreadable):
        print_batch(system, commune_a.pk, Form.PAPER)
    failed = PrintBatch.objects.get()
    assert (failed.status, failed.fault) == (PrintBatch.Status.FAILED, "print_unreadable")
    assert list(prints_dir().iterdir()) == []
