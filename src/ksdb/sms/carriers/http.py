"""A provider that takes messages by HTTP: address, headers and fields are settings, receipts come to a page of ours."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import httpx
import msgspec

from ksdb.config import Settings
from ksdb.sms.carriers.carrying import LineDown, NotTaken, Receipt, international

TIMEOUT_SECONDS = 10
TRY_AGAIN = {408, 425, 429}
"""Of the refusals these pass by themselves."""


class HttpProvider:
    """The provider that the settings describe."""

    name: ClassVar[str] = "http"

    def __init__(self, ours: Settings) -> None:
        self._ours = ours

    @contextmanager
    def line(self) -> Iterator["HttpLine"]:
        headers = json.loads(self._ours.sms_http_headers or "{}")
        with httpx.Client(timeout=TIMEOUT_SECONDS, headers=headers, follow_redirects=False) as client:
            yield HttpLine(client, self._ours)


class HttpLine:
    """One request a message, whatever its parts."""

    def __init__(self, client: httpx.Client, ours: Settings) -> None:
        self.at_once = ours.sms_http_at_once
        self._client = client
        self._ours = ours

    def submit(self, phone: str, body: str) -> tuple[str, ...]:
        values = {"{phone}": international(phone), "{body}": body, "{sender}": self._ours.sms_sender}
        fields = {name: _filled(text, values) for name, text in json.loads(self._ours.sms_http_fields).items()}
        try:
            if self._ours.sms_http_form:
                answer = self._client.post(self._ours.sms_http_url, data=fields)
            else:
                answer = self._client.post(self._ours.sms_http_url, json=fields)
        except httpx.HTTPError as error:
            raise LineDown("unreachable") from error
        return (self._reference(answer),)

    def _reference(self, answer: httpx.Response) -> str:
        if answer.status_code in {401, 403}:
            raise LineDown("sign_in_refused")
        if not answer.is_success:
            is_final = answer.is_client_error and answer.status_code not in TRY_AGAIN
            raise NotTaken(f"http_{answer.status_code}", is_final=is_final)
        try:
            return str(value_at(answer.json(), self._ours.sms_http_reference) or "")
        except ValueError:
            return ""  # taken; that it answers nothing readable costs us the receipt only

    def receipts(self, seconds: float) -> list[Receipt]:  # noqa: ARG002 - others wait for them
        """They come to `sms:receipts`."""
        return []


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Only in whole: a message that says {phone} itself is not filled in again."""
    return values.get(text, text)


def value_at(found: Any, path: str) -> Any:
    """What lies at `data.0.id` of a JSON value; None where nothing does."""
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, Sequence) and not isinstance(found, str) and name.isdecimal():
            found = found[int(name)] if int(name) < len(found) else None
        else:
            return None
    return found


def receipts_in(ours: Settings, content: Any) -> list[Receipt]:
    """The receipts of a call of the provider: one, or a list of them. States that end nothing are left out."""
    rows = content if isinstance(content, list) else [content]
    return [receipt for row in rows[:1_000] if (receipt := _receipt(ours, row))]


def _receipt(ours: Settings, row: Any) -> Receipt | None:
    reference, state = value_at(row, ours.sms_receipt_reference), str(value_at(row, ours.sms_receipt_state) or "")
    if not reference or not isinstance(reference, str | int):
        return None
    if state in ours.sms_receipt_delivered.split(","):
        return Receipt(str(reference), is_delivered=True)
    if state in ours.sms_receipt_failed.split(","):
        return Receipt(str(reference), is_delivered=False, code=state[:40])
    return None


def content_of(body: bytes, form: Mapping[str, str]) -> Any:
    """A call as JSON, or as the fields of a form."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return dict(form)
