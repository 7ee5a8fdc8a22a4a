"""What stands beside cards on a page: the letter to a household, and how to fold a card printed at home."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from ksdb.cards.artwork import BOLD, DEEP, INK, QUIET, REGULAR, SEMIBOLD, Face
from ksdb.config import settings

_LEFT, _WIDTH, _TOP = 20 * mm, 170 * mm, 297 * mm


class Notice(StrEnum):
    """What is said on a page beside its cards."""

    NONE = "none"
    HOME = "home"
    LETTER = "letter"


_LETTER: Final = (
    "Trong thư này là thẻ kiểm soát dịch bệnh của gia đình quý vị. Mỗi người một thẻ, không dùng chung.",
    "1. Kiểm tra tên, năm sinh. Nếu có sai sót, hoặc có người đã chuyển đi, xin báo tổ trưởng hoặc phường, xã.",
    "2. Cắt thẻ theo các vạch ở góc. Có thể ép nhựa và đục lỗ ở ô nét đứt để đeo dây.",
    "3. Thẻ chỉ dùng được sau khi đã kích hoạt: người giao thẻ sẽ kích hoạt tại nhà, hoặc quý vị đến phường, xã.",
    "4. Khi đến chợ, cơ quan, trường học, đưa mã QR cho người kiểm soát. Mã không chứa tên hay số giấy tờ.",
    "5. Mất thẻ: báo ngay phường, xã để khóa thẻ cũ và nhận thẻ mới.",
)
_HOME: Final = (
    "1. In ở khổ thật (100 %), không chọn “vừa trang giấy”, bằng mực đen rõ nét.",
    "2. Cắt theo các vạch ở góc, gấp theo đường nét đứt giữa hai mặt, rồi dán hoặc ép nhựa.",
    "3. Giữ mã QR phẳng, không để nếp gấp hay băng keo bóng chạy qua mã.",
    "4. Thẻ in lại dùng như thẻ đã cấp; thẻ đã báo mất thì không dùng được nữa.",
)


def draw_notice(canvas: Canvas, notice: Notice, faces: Sequence[Face]) -> None:
    if notice == Notice.LETTER:
        _draw_letter(canvas, faces)
    elif notice == Notice.HOME:
        _draw_home(canvas)


def _draw_letter(canvas: Canvas, faces: Sequence[Face]) -> None:
    door, commune = faces[0].door, faces[0].commune
    _draw_title(canvas, _TOP - 24 * mm, "Thẻ kiểm soát dịch bệnh của gia đình quý vị")
    group = door.group if door and door.group != commune else ""
    place = ", ".join(part for part in (door.address if door else "", group, commune) if part)
    canvas.setFont(SEMIBOLD, 11)
    y = _paragraph(canvas, _TOP - 33 * mm, f"Kính gửi gia đình ở {place}", SEMIBOLD, 11)
    y -= 2 * mm
    for text in _LETTER:
        y = _paragraph(canvas, y, text, REGULAR, 10) - 1.4 * mm
    _paragraph(canvas, y - 1 * mm, f"Hỏi đáp: đường dây nóng {settings().hotline}", SEMIBOLD, 10)


def _draw_home(canvas: Canvas) -> None:
    _draw_title(canvas, _TOP - 24 * mm, "Thẻ của tôi, in tại nhà")
    _paragraph(canvas, _TOP - 33 * mm, "Cắt, gấp đôi và mang theo. Giấy dày 120 g trở lên thì bền hơn.", REGULAR, 10)
    y = _TOP - 180 * mm
    for text in _HOME:
        y = _paragraph(canvas, y, text, REGULAR, 10) - 1.4 * mm
    _paragraph(canvas, y - 1 * mm, f"Hỏi đáp: đường dây nóng {settings().hotline}", SEMIBOLD, 10)


def _draw_title(canvas: Canvas, y: float, text: str) -> None:
    canvas.setFillColor(DEEP)
    canvas.setFont(BOLD, 17)
    canvas.drawString(_LEFT, y, text)
    canvas.setStrokeColor(QUIET)


def _paragraph(canvas: Canvas, y: float, text: str, font: str, size: float) -> float:
    """Draws a paragraph from the line at `y` down, and returns where the next one starts."""
    canvas.setFillColor(INK)
    canvas.setFont(font, size)
    line = ""
    for word in [*text.split(" "), ""]:
        longer = f"{line} {word}".strip()
        if word and pdfmetrics.stringWidth(longer, font, size) <= _WIDTH:
            line = longer
            continue
        canvas.drawString(_LEFT, y, line)
        y -= size * 1.35
        line = word
    return y
