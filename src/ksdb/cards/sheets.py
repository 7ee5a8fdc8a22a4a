"""Print sheets: layouts as data, and the PDF of many cards. Knows faces, not tables."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ksdb.cards.artwork import CARD_HEIGHT, CARD_WIDTH, INK, QUIET, REGULAR, Face, Modules, draw_face, prepare

Drawn = tuple[Face, Modules | None]
"""A face, and its symbol where that is made already."""

_MARK_GAP, _MARK_LENGTH = 1.2 * mm, 2.4 * mm


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
    has_cut_marks: bool = True

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    def corner(self, place: int) -> tuple[float, float]:
        """The lower left corner of a place, counted in rows from the top left; in points."""
        row, column = divmod(place, self.columns)
        top = self.page_height - self.margin_top - row * self.pitch_y
        return (self.margin_left + column * self.pitch_x) * mm, top * mm - CARD_HEIGHT


LAYOUTS: Final = {
    "a4-2x4": Layout(210, 297, 2, 4, margin_left=15.4, margin_top=27, pitch_x=93.6, pitch_y=61.98),
    "a4-2x5": Layout(210, 297, 2, 5, margin_left=19.4, margin_top=13.55, pitch_x=85.6, pitch_y=53.98),
    "cr80": Layout(85.6, 53.98, 1, 1, 0, 0, 85.6, 53.98, has_cut_marks=False),
}


@dataclass(frozen=True)
class Sheet:
    """What a document is: its layout, its title, and the line in the margin of each page."""

    layout: Layout
    title: str
    margin_line: str


def write_sheets(
    file: BinaryIO,
    faces: Iterable[Drawn],
    sheet: Sheet,
    on_page: Callable[[int], None] = lambda _: None,
) -> int:
    """Draws all faces and returns the count of cards. `on_page` hears how many are drawn after each page.

    Faces are taken a page at a time. What stays in memory is the compressed pages, about 3 kB a card.
    """
    layout = sheet.layout
    canvas = Canvas(file, (layout.page_width * mm, layout.page_height * mm), pageCompression=1, lang="vi")
    canvas.setTitle(sheet.title)
    canvas.setCreator("ksdb")
    prepared: set[int] = set()
    drawn = 0
    for number, page in enumerate(_pages(faces, layout.per_page), start=1):
        for face, _ in page:
            if face.form not in prepared:
                prepare(canvas, face.form)
                prepared.add(face.form)
        _draw_page(canvas, sheet, number, page)
        drawn += len(page)
        on_page(drawn)
    canvas.save()
    return drawn


def _pages(faces: Iterable[Drawn], size: int) -> Iterator[list[Drawn]]:
    iterator = iter(faces)
    while page := list(islice(iterator, size)):
        yield page


def _draw_page(canvas: Canvas, sheet: Sheet, number: int, page: list[Drawn]) -> None:
    for place, (face, modules) in enumerate(page):
        canvas.saveState()
        canvas.translate(*sheet.layout.corner(place))
        draw_face(canvas, face, modules)
        canvas.restoreState()
    if sheet.layout.has_cut_marks:
        _draw_cut_marks(canvas, sheet.layout)
        canvas.setFillColor(QUIET)
        canvas.setFont(REGULAR, 7)
        canvas.drawCentredString(sheet.layout.page_width * mm / 2, 5 * mm, f"{sheet.margin_line} · tờ {number}")
    canvas.showPage()


def _draw_cut_marks(canvas: Canvas, layout: Layout) -> None:
    """Lines outside the corners of each card; where cards touch there is only the rim to mark."""
    canvas.setStrokeColor(INK)
    canvas.setLineWidth(0.3)
    canvas.lines([line for place in range(layout.per_page) for line in _marks_at(layout, place)])


def _marks_at(layout: Layout, place: int) -> Iterator[tuple[float, float, float, float]]:
    x, y = layout.corner(place)
    row, column = divmod(place, layout.columns)
    has_gap_x, has_gap_y = layout.pitch_x * mm > CARD_WIDTH + 0.1, layout.pitch_y * mm > CARD_HEIGHT + 0.1
    left, right, bottom, top = x, x + CARD_WIDTH, y, y + CARD_HEIGHT
    for edge in (bottom, top):
        if has_gap_x or column == 0:
            yield left - _MARK_GAP - _MARK_LENGTH, edge, left - _MARK_GAP, edge
        if has_gap_x or column == layout.columns - 1:
            yield right + _MARK_GAP, edge, right + _MARK_GAP + _MARK_LENGTH, edge
    for edge in (left, right):
        if has_gap_y or row == layout.rows - 1:
            yield edge, bottom - _MARK_GAP - _MARK_LENGTH, edge, bottom - _MARK_GAP
        if has_gap_y or row == 0:
            yield edge, top + _MARK_GAP, edge, top + _MARK_GAP + _MARK_LENGTH
