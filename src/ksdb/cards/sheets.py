"""Print sheets: layouts as data, and the PDF of many cards. Knows faces, not tables."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, islice
from typing import BinaryIO, Final, TypeVar

from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ksdb.cards.artwork import CARD_HEIGHT, CARD_WIDTH, INK, QUIET, REGULAR, Face, draw_back, draw_face, prepare
from ksdb.cards.large import SCALE, draw_large_face, prepare_large
from ksdb.cards.notices import Notice, draw_notice
from ksdb.cards.symbols import Modules, symbols
from ksdb.core.token import Form

# Streams stay bytes. As text (ASCII 85) they are a quarter larger and take half of the time of drawing.
rl_config.useA85 = 0

T = TypeVar("T")
Drawn = tuple[Face, Modules | None]
"""A face, and its symbol where that is made already."""

_MARK_GAP, _MARK_LENGTH = 1.2 * mm, 2.4 * mm
_AT_ONCE = 200
"""So many symbols are made together; more gains nothing."""


class Backs(StrEnum):
    """Where the backs of cards stand: nowhere; on the next page, for a printer that turns over the long edge; or
    upside down below the front, to be folded."""

    NONE = "none"
    NEXT_PAGE = "next_page"
    FOLDED = "folded"


@dataclass(frozen=True)
class Layout:
    """Where cards stand on a page; lengths in millimetres, the margin to the first card from the top left."""

    page_width: float
    page_height: float
    columns: int
    rows: int
    margin_left: float
    margin_top: float
    pitch_x: float
    pitch_y: float
    scale: float = 1
    backs: Backs = Backs.NONE
    notice: Notice = Notice.NONE
    is_large: bool = False
    """Cards have the face for people who see badly."""
    is_card: bool = False
    """The page is the card itself: no marks, no line in the margin, no round corners."""

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def sheets_of(self, doors: Sequence[int]) -> list[int]:
        """On which sheet, from 1, each card of a document stands, by the doors of its cards in order."""
        groups = groupby(doors) if self.notice == Notice.LETTER else [(0, iter(doors))]
        sheets: list[int] = []
        for _, of_door in groups:
            before = sheets[-1] if sheets else 0
            sheets += [before + 1 + place // self.per_page for place, _ in enumerate(of_door)]
        return sheets

    def corner(self, place: int, *, is_back: bool = False) -> tuple[float, float]:
        """The lower left corner of a place, counted in rows from the top left; in points. Backs are mirrored."""
        row, column = divmod(place, self.columns)
        left = (self.margin_left + column * self.pitch_x) * mm
        top = self.page_height - self.margin_top - row * self.pitch_y
        if is_back:
            left = self.page_width * mm - left - CARD_WIDTH * self.scale
        return left, top * mm - CARD_HEIGHT * self.scale


_EIGHT: Final = Layout(210, 297, 2, 4, margin_left=15.4, margin_top=27, pitch_x=93.6, pitch_y=61.98)
_TEN: Final = Layout(210, 297, 2, 5, margin_left=19.4, margin_top=13.55, pitch_x=85.6, pitch_y=53.98)
_ONE: Final = Layout(210, 297, 1, 1, margin_left=62.2, margin_top=30, pitch_x=85.6, pitch_y=53.98, backs=Backs.FOLDED)
LAYOUTS: Final = {
    "a4-2x4": _EIGHT,
    "a4-2x4-duplex": replace(_EIGHT, backs=Backs.NEXT_PAGE),
    "a4-2x5": _TEN,
    "a4-2x5-duplex": replace(_TEN, backs=Backs.NEXT_PAGE),
    "large": Layout(
        210, 297, 1, 3, margin_left=36.52, margin_top=14.5, pitch_x=136.96, pitch_y=91, scale=SCALE, is_large=True
    ),
    "letter": Layout(210, 297, 2, 3, 15.4, 116, pitch_x=93.6, pitch_y=57.4, notice=Notice.LETTER),
    "single": _ONE,
    "home": replace(_ONE, margin_top=52, notice=Notice.HOME),
    "cr80": Layout(85.6, 53.98, 1, 1, 0, 0, 85.6, 53.98, backs=Backs.NEXT_PAGE, is_card=True),
}


DEFAULT_LAYOUT: Final = "a4-2x4"


@dataclass(frozen=True)
class Sheet:
    """What a document is: its layout, its title, and the line in the margin of each page."""

    layout: Layout
    title: str
    margin_line: str
    file_number: int = 1
    """Before the number of each sheet in its margin: by both a misprint is reported."""


def write_sheets(
    file: BinaryIO,
    faces: Iterable[Drawn],
    sheet: Sheet,
    on_page: Callable[[int], None] = lambda _: None,
) -> int:
    """Draws all faces and returns the count of cards. `on_page` hears how many are drawn after each page.

    Faces are taken a few hundred at a time. What stays in memory is the compressed pages, about 2 kB a card.
    """
    layout = sheet.layout
    canvas = Canvas(file, (layout.page_width * mm, layout.page_height * mm), pageCompression=1, lang="vi")
    canvas.setTitle(sheet.title)
    canvas.setCreator("ksdb")
    prepared: set[int] = set()
    drawn = 0
    for number, page in enumerate(_pages(_with_symbols(faces), layout), start=1):
        for face, _ in page:
            if face.form not in prepared:
                _prepare(canvas, face.form, layout)
                prepared.add(face.form)
        _draw_page(canvas, sheet, number, page)
        drawn += len(page)
        on_page(drawn)
    canvas.save()
    return drawn


def _prepare(canvas: Canvas, form: Form, layout: Layout) -> None:
    if layout.is_large:
        prepare_large(canvas, form)
    else:
        prepare(canvas, form, is_square=layout.is_card)


def _with_symbols(faces: Iterable[Drawn]) -> Iterator[tuple[Face, Modules]]:
    for some in _chunks(faces, _AT_ONCE):
        made = iter(symbols([face.token for face, modules in some if modules is None]))
        for face, modules in some:
            yield face, modules or next(made)


def _pages(faces: Iterable[tuple[Face, Modules]], layout: Layout) -> Iterator[list[tuple[Face, Modules]]]:
    """What stands on each page; a letter holds the cards of one household, and goes on where they are many."""
    if layout.notice != Notice.LETTER:
        yield from _chunks(faces, layout.per_page)
        return
    for _, of_door in groupby(faces, lambda drawn: drawn[0].door and drawn[0].door.household_id):
        yield from _chunks(of_door, layout.per_page)


def _chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def _draw_page(canvas: Canvas, sheet: Sheet, number: int, page: list[tuple[Face, Modules]]) -> None:
    layout = sheet.layout
    for place, (face, modules) in enumerate(page):
        canvas.saveState()
        canvas.translate(*layout.corner(place))
        if layout.scale != 1:
            canvas.scale(layout.scale, layout.scale)
        (draw_large_face if layout.is_large else draw_face)(canvas, face, modules)
        if layout.backs == Backs.FOLDED:
            _draw_folded(canvas, face)
        canvas.restoreState()
    draw_notice(canvas, layout.notice, [face for face, _ in page])
    _finish(canvas, sheet, f"tờ {sheet.file_number}-{number}", len(page))
    if layout.backs == Backs.NEXT_PAGE:
        _draw_backs(canvas, sheet, number, page)


def _draw_backs(canvas: Canvas, sheet: Sheet, number: int, page: list[tuple[Face, Modules]]) -> None:
    for place, (face, _) in enumerate(page):
        canvas.saveState()
        canvas.translate(*sheet.layout.corner(place, is_back=True))
        draw_back(canvas, face)
        canvas.restoreState()
    _finish(canvas, sheet, f"tờ {sheet.file_number}-{number}, mặt sau", 0)


def _draw_folded(canvas: Canvas, face: Face) -> None:
    """The back hangs upside down below the front: folded along the line between, both stand upright."""
    canvas.setStrokeColor(QUIET)
    canvas.setLineWidth(0.4)
    canvas.setDash(2, 2)
    canvas.line(-8 * mm, 0, CARD_WIDTH + 8 * mm, 0)
    canvas.setDash()
    canvas.saveState()
    canvas.rotate(180)
    canvas.translate(-CARD_WIDTH, 0)
    draw_back(canvas, face)
    canvas.restoreState()


def _finish(canvas: Canvas, sheet: Sheet, page_line: str, marked: int) -> None:
    if not sheet.layout.is_card:
        _draw_cut_marks(canvas, sheet.layout, marked)
        canvas.setFillColor(QUIET)
        canvas.setFont(REGULAR, 7)
        canvas.drawCentredString(sheet.layout.page_width * mm / 2, 5 * mm, f"{sheet.margin_line} · {page_line}")
    canvas.showPage()


def _draw_cut_marks(canvas: Canvas, layout: Layout, count: int) -> None:
    """Lines outside the corners of each card; where cards touch there is only the rim to mark."""
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.3)
    lines = [line for place in range(count) for line in _marks_at(layout, place)]
    if lines:
        canvas.lines(lines)


def _marks_at(layout: Layout, place: int) -> Iterator[tuple[float, float, float, float]]:
    x, y = layout.corner(place)
    width, height = CARD_WIDTH * layout.scale, CARD_HEIGHT * layout.scale
    row, column = divmod(place, layout.columns)
    has_gap_x, has_gap_y = layout.pitch_x * mm > width + 0.1, layout.pitch_y * mm > height + 0.1
    left, right, bottom, top = x, x + width, y, y + height
    if layout.backs == Backs.FOLDED:
        bottom -= height
    far_x, far_y = _mark_end(layout.pitch_x * mm - width), _mark_end(layout.pitch_y * mm - height)
    for edge in (bottom, top):
        if has_gap_x or column == 0:
            yield left - far_x, edge, left - _MARK_GAP, edge
        if has_gap_x or column == layout.columns - 1:
            yield right + _MARK_GAP, edge, right + far_x, edge
    for edge in (left, right):
        if has_gap_y or row == layout.rows - 1:
            yield edge, bottom - far_y, edge, bottom - _MARK_GAP
        if has_gap_y or row == 0:
            yield edge, top + _MARK_GAP, edge, top + far_y


def _mark_end(gap: float) -> float:
    """How far from its card a mark ends: it keeps its distance from the next card too, where there is a gap."""
    whole: float = _MARK_GAP + _MARK_LENGTH
    return min(whole, gap - _MARK_GAP) if gap > 2 * _MARK_GAP else whole
