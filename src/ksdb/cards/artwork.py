"""Front and back of a card: what stands where on 85.60 × 53.98 mm. Knows no tables; its words are Vietnamese."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

import fontpkg_be_vietnam_pro
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from ksdb.cards.symbols import Modules, symbol
from ksdb.config import settings
from ksdb.core.names import stored_name
from ksdb.core.token import Form

CARD_WIDTH: Final = 85.60 * mm
CARD_HEIGHT: Final = 53.98 * mm
CORNER: Final = 3.18 * mm
QR_SIDE: Final = 40 * mm
"""With the quiet zone of four modules on each side."""
QUIET_MODULES: Final = 4

REGULAR, SEMIBOLD, BOLD = "BeVietnamPro-Regular", "BeVietnamPro-SemiBold", "BeVietnamPro-Bold"
BLACK, INK, QUIET, RIVER, DEEP, WASH = (
    HexColor(c) for c in ("#000000", "#14231f", "#455653", "#0d5c63", "#07363b", "#eef5f4")
)
GOLD, WHITE = HexColor("#ffc843"), HexColor("#ffffff")
SMALLEST: Final = 7
"""Points: nothing that an officer or a holder has to read is smaller, short of a name that fits in no other way."""
LEFT, _TEXT_WIDTH = 4.6 * mm, 37.6 * mm
_PLACE_X = 11.2 * mm
Place = tuple[float, float, float]
"""Of a symbol with its quiet zone: left, bottom, side."""
QR_PLACE: Final = (CARD_WIDTH - QR_SIDE - 1.8 * mm, 1.6 * mm, QR_SIDE)
_HEAD_Y = 43.4 * mm
HOLE: Final = (CARD_WIDTH / 2 - 7 * mm, CARD_HEIGHT - 6 * mm, 14 * mm, 3 * mm)
"""Where the slot for a lanyard is punched: left, bottom, width, height. Nothing that is read stands there."""


@dataclass(frozen=True)
class Look:
    """How a form of card is told apart: by its word, and by its colour too."""

    word: str
    band: Color
    colour: Color
    on_colour: Color


LOOKS: Final = {
    Form.ELECTRONIC: Look("ĐIỆN TỬ", INK, GOLD, INK),
    Form.PAPER: Look("GIẤY", DEEP, HexColor("#8fd0c8"), DEEP),
    Form.PLASTIC: Look("NHỰA", HexColor("#46206a"), HexColor("#d9c2f0"), HexColor("#46206a")),
}


@dataclass(frozen=True, slots=True)
class Door:
    """Where a card is handed over: a household of a residential group. A letter is written to each."""

    household_id: int
    address: str
    group: str


@dataclass(frozen=True, slots=True)
class Face:
    """What one card shows."""

    token: str
    number: str
    form: Form
    full_name: str
    birth_year: int
    commune: str
    expires_on: date | None = None
    door: Door | None = None


def prepare(canvas: Canvas, form: Form, *, is_square: bool = False) -> None:
    """Registers the fonts, and draws once what all cards of a form share; `is_square` for blanks cut by the maker."""
    register_fonts()
    canvas.beginForm(_form_name(form), 0, 0, CARD_WIDTH, CARD_HEIGHT)
    draw_ground(canvas, LOOKS[form], QR_PLACE, is_square=is_square)
    draw_head(canvas, LOOKS[form])
    _draw_foot(canvas)
    canvas.endForm()
    canvas.beginForm(_form_name(form, "back"), 0, 0, CARD_WIDTH, CARD_HEIGHT)
    _draw_back_ground(canvas, LOOKS[form], is_square=is_square)
    canvas.endForm()


def draw_face(canvas: Canvas, face: Face, modules: Modules | None = None) -> None:
    """Draws a face with its lower left corner at the origin; `modules` when the symbol is made already."""
    canvas.doForm(_form_name(face.form))
    _draw_holder(canvas, face)
    draw_symbol(canvas, modules or symbol(face.token), QR_PLACE)


def draw_back(canvas: Canvas, face: Face) -> None:
    """Draws the back of a card: what is the same on all, the number again, and until when it holds."""
    canvas.doForm(_form_name(face.form, "back"))
    canvas.setFillColor(DEEP)
    canvas.setFont(SEMIBOLD, 7)
    canvas.drawString(LEFT, 4.2 * mm, f"Số thẻ {spaced(face.number)}")
    if face.expires_on:
        last = face.expires_on - timedelta(days=1)
        canvas.drawRightString(CARD_WIDTH - LEFT, 4.2 * mm, f"Có giá trị đến hết ngày {last:%d/%m/%Y}")


def draw_symbol(canvas: Canvas, modules: Modules, place: Place) -> None:
    x, y, side = place
    scale = side / (modules.side + 2 * QUIET_MODULES)
    canvas.saveState()
    canvas.translate(x + QUIET_MODULES * scale, y + QUIET_MODULES * scale)
    canvas.scale(scale, scale)
    canvas.setFillColor(BLACK)
    canvas.drawPath(modules, stroke=0, fill=1)
    canvas.restoreState()


def _draw_holder(canvas: Canvas, face: Face) -> None:
    canvas.setFillColor(INK)
    size, lines = fitted(stored_name(face.full_name), BOLD, (13, 8), _TEXT_WIDTH, 2)
    draw_lines(canvas, BOLD, size, lines, (LEFT, 34.2 * mm))
    canvas.setFont(SEMIBOLD, 9)
    canvas.drawString(LEFT, 20.6 * mm, str(face.birth_year))
    size, lines = place_lines(face.commune)
    draw_lines(canvas, SEMIBOLD, size, lines, (LEFT + _PLACE_X, 20.6 * mm))
    canvas.setFillColor(DEEP)
    canvas.setFont(BOLD, 12.2)
    canvas.drawString(LEFT, 10.6 * mm, spaced(face.number))


def place_lines(commune: str) -> tuple[float, list[str]]:
    """A commune on one line where it can be read there, else on two, which then keep clear of what stands below."""
    name, width = stored_name(commune), _TEXT_WIDTH - _PLACE_X
    size, lines = fitted(name, SEMIBOLD, (9, SMALLEST), width, 1)
    return (size, lines) if size >= SMALLEST else fitted(name, SEMIBOLD, (SMALLEST, SMALLEST), width, 2)


def draw_lines(canvas: Canvas, font: str, size: float, lines: list[str], at: tuple[float, float]) -> None:
    canvas.setFont(font, size)
    x, y = at
    for i, line in enumerate(lines):
        canvas.drawString(x, y - i * size * 1.22, line)


def spaced(number: str) -> str:
    """A card number in groups of four."""
    return " ".join(re.findall("....", number))


def fitted(text: str, font: str, sizes: tuple[float, float], width: float, most_lines: int) -> tuple[float, list[str]]:
    """The largest size of `(largest, smallest)` at which the text fits in lines of `width`, and those lines.

    A text that does not fit at the smallest size is squeezed below it, and its words are broken where they must be:
    nothing of a name is ever cut off, and none of it runs into the symbol.
    """
    size, smallest = sizes
    while True:
        lines = _wrapped(text, font, size, width)
        if size < smallest:
            lines = [part for line in lines for part in _broken(line, font, size, width)]
        if len(lines) <= most_lines and all(pdfmetrics.stringWidth(line, font, size) <= width for line in lines):
            return size, lines
        size = size - 0.5 if size > 1.5 else size * 0.9


def _broken(line: str, font: str, size: float, width: float) -> list[str]:
    parts = [""]
    for letter in line:
        if parts[-1] and pdfmetrics.stringWidth(parts[-1] + letter, font, size) > width:
            parts.append("")
        parts[-1] += letter
    return parts


def _wrapped(text: str, font: str, size: float, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and pdfmetrics.stringWidth(longer, font, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@cache
def register_fonts() -> None:
    folder = fontpkg_be_vietnam_pro.ROOT / "files"
    for name in (REGULAR, SEMIBOLD, BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))


def _form_name(form: Form, side: str = "front") -> str:
    return f"{side}{form.value}"


def draw_ground(canvas: Canvas, look: Look, place: Place, *, is_square: bool) -> None:
    """A card: wash at the left with the river in it, white where the symbol stands."""
    _clip(canvas, is_square=is_square)
    canvas.setFillColor(WASH)
    canvas.rect(0, 0, CARD_WIDTH, CARD_HEIGHT, stroke=0, fill=1)
    canvas.setStrokeColor(HexColor("#d5e6e4"))
    canvas.setLineWidth(0.5)
    for i in range(6):
        _draw_wave(canvas, (6.4 - 1.9 * i) * mm)
    canvas.setFillColor(WHITE)
    x, y, side = place
    canvas.roundRect(x, y, side, side, 1.6 * mm, stroke=0, fill=1)
    canvas.setFillColor(look.band)
    canvas.rect(0, _HEAD_Y, CARD_WIDTH, CARD_HEIGHT - _HEAD_Y, stroke=0, fill=1)
    canvas.setFillColor(look.colour)
    canvas.rect(0, _HEAD_Y - 0.9 * mm, CARD_WIDTH, 0.9 * mm, stroke=0, fill=1)


def _draw_wave(canvas: Canvas, y: float) -> None:
    path = canvas.beginPath()
    path.moveTo(0, y)
    for x in range(0, 88, 22):
        path.curveTo((x + 7) * mm, y + 3 * mm, (x + 15) * mm, y - 3 * mm, (x + 22) * mm, y)
    canvas.drawPath(path, stroke=1, fill=0)


def _clip(canvas: Canvas, *, is_square: bool) -> None:
    if not is_square:
        outline = canvas.beginPath()
        outline.roundRect(0, 0, CARD_WIDTH, CARD_HEIGHT, CORNER)
        canvas.clipPath(outline, stroke=0, fill=0)


def _draw_hole(canvas: Canvas, colour: Color) -> None:
    left, bottom, width, height = HOLE
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(0.35)
    canvas.setDash(1.5, 1.5)
    canvas.roundRect(left, bottom, width, height, height / 2, stroke=1, fill=0)
    canvas.setDash()


def draw_head(canvas: Canvas, look: Look) -> None:
    _draw_mark(canvas, LEFT, 45.4 * mm, 6.6 * mm)
    _draw_hole(canvas, look.colour)
    canvas.setFillColor(WHITE)
    canvas.setFont(BOLD, 8.6)
    canvas.drawString(LEFT + 8.6 * mm, 44.6 * mm, "THẺ KIỂM SOÁT DỊCH BỆNH")
    width = pdfmetrics.stringWidth(look.word, BOLD, 6.4) + 4 * mm
    right = CARD_WIDTH - 3.4 * mm
    canvas.setFillColor(look.colour)
    canvas.roundRect(right - width, 46.8 * mm, width, 3.9 * mm, 1.95 * mm, stroke=0, fill=1)
    canvas.setFillColor(look.on_colour)
    canvas.setFont(BOLD, 6.4)
    canvas.drawCentredString(right - width / 2, 47.95 * mm, look.word)


_ADVICE = (
    "Đưa mã QR cho người kiểm soát ở mỗi nơi quý vị đến.",
    "Mã không chứa tên hay số giấy tờ: không ai đọc được gì từ nó.",
    "Mất thẻ, thẻ hỏng hoặc sai tên: báo phường, xã để đổi thẻ mới.",
    "Nhặt được thẻ này: xin gửi về phường, xã ghi ở mặt trước.",
)


def _draw_back_ground(canvas: Canvas, look: Look, *, is_square: bool) -> None:
    _clip(canvas, is_square=is_square)
    canvas.setFillColor(WASH)
    canvas.rect(0, 0, CARD_WIDTH, CARD_HEIGHT, stroke=0, fill=1)
    canvas.setFillColor(look.band)
    canvas.rect(0, _HEAD_Y, CARD_WIDTH, CARD_HEIGHT - _HEAD_Y, stroke=0, fill=1)
    _draw_hole(canvas, look.colour)
    canvas.setFillColor(WHITE)
    canvas.setFont(SEMIBOLD, 7)
    canvas.drawString(LEFT, 44.6 * mm, "Cách dùng thẻ")
    canvas.setFillColor(INK)
    canvas.setFont(REGULAR, 6.8)
    for i, line in enumerate(_ADVICE):
        y = (38 - 5.2 * i) * mm
        canvas.circle(LEFT + 0.7 * mm, y + 0.9 * mm, 0.5 * mm, stroke=0, fill=1)
        canvas.drawString(LEFT + 2.6 * mm, y, line)
    canvas.setFillColor(RIVER)
    canvas.setFont(BOLD, 11)
    canvas.drawString(LEFT, 12.6 * mm, f"Đường dây nóng {settings().hotline}")
    canvas.setStrokeColor(QUIET)
    canvas.setLineWidth(0.3)
    canvas.line(LEFT, 9.4 * mm, CARD_WIDTH - LEFT, 9.4 * mm)


def _draw_mark(canvas: Canvas, x: float, y: float, side: float) -> None:
    """The mark of the pages: three finders of a symbol and a tick."""
    canvas.saveState()
    canvas.translate(x, y)
    canvas.scale(side / 40, side / 40)
    canvas.setFillColor(RIVER)
    canvas.roundRect(0, 0, 40, 40, 9, stroke=0, fill=1)
    canvas.setStrokeColor(WHITE)
    canvas.setLineWidth(3)
    for left, bottom in ((8.5, 23.5), (23.5, 23.5), (8.5, 8.5)):
        canvas.roundRect(left, bottom, 8, 8, 1.5, stroke=1, fill=0)
    canvas.setStrokeColor(GOLD)
    canvas.setLineWidth(3.6)
    canvas.setLineCap(1)
    canvas.setLineJoin(1)
    tick = canvas.beginPath()
    tick.moveTo(22.5, 12.5)
    tick.lineTo(26, 8.8)
    tick.lineTo(32.8, 16.5)
    canvas.drawPath(tick, stroke=1, fill=0)
    canvas.restoreState()


def _draw_foot(canvas: Canvas) -> None:
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, 5.6)
    for x, y, label in ((0, 39.4, "Họ và tên"), (0, 24.3, "Năm sinh"), (_PLACE_X, 24.3, "Nơi ở"), (0, 15.2, "Số thẻ")):
        canvas.drawString(LEFT + x, y * mm, label)
    canvas.drawString(LEFT, 2.8 * mm, "Mã QR không chứa thông tin cá nhân")
    canvas.setFillColor(RIVER)
    canvas.setFont(SEMIBOLD, 6.8)
    canvas.drawString(LEFT, 5.7 * mm, f"Đường dây nóng {settings().hotline}")
