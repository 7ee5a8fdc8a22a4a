"""What an answer says to whoever reads it, in whatever kind of file: pages, workbooks, PDF, JSON, CSV."""

import io
import re
import zipfile

import pypdfium2
from django.http import HttpResponse

MARKUP = re.compile(r"<[^>]*>")


def content_of(answer: HttpResponse) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


def text_in(kind: str, content: bytes) -> str:
    """Of a workbook the text of all its parts, of a PDF what can be marked on its pages."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if content.startswith(b"%PDF"):
        with pypdfium2.PdfDocument(content) as document:
            return "\n".join(page.get_textpage().get_text_bounded() for page in document)
    text = content.decode("utf-8", "replace")
    return MARKUP.sub("", text) if kind.startswith("text/html") else text


def text_of(answer: HttpResponse) -> str:
    return text_in(answer.headers.get("Content-Type", ""), content_of(answer))
