"""The face of a large card for people who see badly: less on it, and below its head nothing under 12 points in print.

Lengths are those of a card; the layout draws it 1.6 times as large. The symbol is then 50 mm wide, a module 1 mm.
"""

from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from ksdb.cards.artwork import (
    BOLD,
    CARD_HEIGHT,
    CARD_WIDTH,
    DEEP,
    INK,
    LEFT,
    LOOKS,
    QUIET,
    REGULAR,
    RIVER,
    SEMIBOLD,
    Face,
    draw_ground,
    draw_head,
    draw_lines,
    draw_symbol,
    fitted,
    register_fonts,
    spaced,
)
from ksdb.cards.symbols import Modules, symbol
from ksdb.config import settings
from ksdb.core.names import stored_name
from ksdb.core.token import Form

SCALE: Final = 1.6
SMALLEST: Final = 7.5
_QR: Final = (CARD_WIDTH - 32.8 * mm, 1.8 * mm, 31 * mm)
_WHOLE, _COLUMN, _PLACE_X = 76.4 * mm, 47 * mm, 18 * mm


def prepare_large(canvas: Canvas, form: Form) -> None:
    """Registers the fonts, and draws once what all large cards of a form share."""
    register_fonts()
    canvas.beginForm(_form_name(form), 0, 0, CARD_WIDTH, CARD_HEIGHT)
    draw_ground(canvas, LOOKS[form], _QR, is_square=False)
    draw_head(canvas, LOOKS[form])
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, SMALLEST)
    for x, y, label in ((0, 30.6, "Năm sinh"), (_PLACE_X, 30.6, "Nơi ở"), (0, 16.6, "Số thẻ")):
        canvas.drawString(LEFT + x, y * mm, label)
    canvas.setFillColor(RIVER)
    size, lines = fitted(f"Đường dây nóng {settings().hotline}", SEMIBOLD, (9.5, SMALLEST), _COLUMN, 1)
    draw_lines(canvas, SEMIBOLD, size, lines, (LEFT, 3.6 * mm))
    canvas.endForm()


def draw_large_face(canvas: Canvas, face: Face, modules: Modules | None = None) -> None:
    """Draws it with its lower left corner at the origin; `modules` when the symbol is made already."""
    canvas.doForm(_form_name(face.form))
    canvas.setFillColor(INK)
    size, lines = fitted(stored_name(face.full_name), BOLD, (16, SMALLEST), _WHOLE, 1)
    draw_lines(canvas, BOLD, size, lines, (LEFT, 36.2 * mm))
    canvas.setFont(BOLD, 14)
    canvas.drawString(LEFT, 24.4 * mm, str(face.birth_year))
    size, lines = fitted(stored_name(face.commune), SEMIBOLD, (11, SMALLEST), _COLUMN - _PLACE_X, 2)
    draw_lines(canvas, SEMIBOLD, size, lines, (LEFT + _PLACE_X, 25.6 * mm))
    canvas.setFillColor(DEEP)
    size, lines = fitted(spaced(face.number), BOLD, (16, SMALLEST), _COLUMN, 1)
    draw_lines(canvas, BOLD, size, lines, (LEFT, 9.6 * mm))
    draw_symbol(canvas, modules or symbol(face.token), _QR)


def _form_name(form: Form) -> str:
    return f"large{form.value}"
