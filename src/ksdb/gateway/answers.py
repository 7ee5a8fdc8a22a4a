"""Answers in the one form that all routes have: JSON, kept by nobody, and a sentence when it is a no."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response

from ksdb.core.errors import KsdbError

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
RAW_HEADERS: Final = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


def json_answer(content: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, {**HEADERS, **(headers or {})}, "application/json")


def refusal(error: KsdbError) -> Response:
    detail, wait = getattr(error, "detail", ""), getattr(error, "retry_after_seconds", None)
    said = {"error": error.code, "message": f"{error.sentence()} {detail}".strip()}
    return json_answer(said, error.status, {"retry-after": str(wait)} if wait else None)


def in_bytes(answer: Response) -> bytes:
    """As it goes over the line."""
    status = f"HTTP/1.1 {answer.status_code} {HTTPStatus(answer.status_code).phrase}\r\n".encode()
    return status + _lines(answer.raw_headers) + b"\r\n" + bytes(answer.body)


def _lines(headers: list[tuple[bytes, bytes]]) -> bytes:
    return b"".join(name + b": " + value + b"\r\n" for name, value in headers)


_TAKEN: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + _lines(RAW_HEADERS) + b"content-length: %d\r\n\r\n%b"
)


def receipt_in_bytes(content: bytes) -> bytes:
    """The same for the one answer that is given thousands of times a second."""
    return _TAKEN % (len(content), content)
