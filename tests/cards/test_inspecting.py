"""Any code is explained: every failure in its own words, in two languages, and nothing a stranger wrote is repeated."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.cast import AT, KEY, SECONDS, TOKEN, TRUST
from tests.core.test_lists import TOKEN as STATUS_TOKEN
from typer.testing import CliRunner

from ksdb.cards.inspecting import FAULTS, GOOD, UNPROVED, inspect
from ksdb.cli import app
from ksdb.cli.card import _words
from ksdb.core.status_list import Listed, StatusList, empty
from ksdb.core.token import Claims, Form, TokenFault, sign_token

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "cards.json").read_text(encoding="utf-8"))


def as_it_is(text: str) -> str:
    return text


def test_a_good_code_says_what_it_claims() -> None:
    found = inspect(TOKEN, TRUST, AT, as_it_is)
    assert (found.verdict, found.fault) == (GOOD, None)
    assert dict(found.lines)["Card index"] == "123456"
    assert dict(found.lines)["Form of the card"] == "paper"


def test_every_fault_has_its_words() -> None:
    strange = sign_token(Claims(5, Form.PAPER, SECONDS + 9), 2, KEY)
    ended = sign_token(Claims(5, Form.PAPER, SECONDS - 9), 1, KEY)
    altered = TOKEN[:-1] + str((int(TOKEN[-1]) + 1) % 10)
    late = datetime.fromtimestamp(SECONDS + 100, UTC)
    cases = {
        TokenFault.UNREADABLE: ("12ab", AT),
        TokenFault.NOT_OURS: ("2" + TOKEN[1:], AT),
        TokenFault.UNKNOWN_KEY: (strange, AT),
        TokenFault.KEY_NOT_VALID: (TOKEN, late),
        TokenFault.BAD_SIGNATURE: (altered, AT),
        TokenFault.EXPIRED: (ended, AT),
    }
    assert set(cases) == set(TokenFault) == set(FAULTS)
    for fault, (text, at) in cases.items():
        found = inspect(text, TRUST, at, as_it_is)
        assert (found.fault, found.verdict) == (fault, FAULTS[fault])
        assert found.verdict.startswith(fault.value)


def test_without_a_trust_list_nothing_is_called_good() -> None:
    found = inspect(TOKEN, None, AT, as_it_is)
    assert (found.verdict, found.is_proved) == (UNPROVED, False)


def test_the_status_list_is_asked_too() -> None:
    statuses = empty()
    statuses[123456] = Listed.SUSPENDED
    found = inspect(TOKEN, TRUST, AT, as_it_is, StatusList(1, SECONDS, statuses))
    assert dict(found.lines)["Status list"] == "suspended"
    assert STATUS_TOKEN


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("HC1:6BF+70790T9WJWG.FKY*4GO0", "health certificate"),
        ("046156000001|191234567|Nguyễn Thị Lan|01011956|Nữ|Huế|2021", "identity card"),
        ("https://example.org/card?name=Lan", "web address"),
    ],
)
def test_other_codes_are_named_and_not_repeated(text: str, hint: str) -> None:
    found = inspect(text, TRUST, AT, as_it_is)
    said = found.verdict + str(found.lines)
    assert hint in said
    assert "Lan" not in said


@given(st.text(max_size=600) | st.text("0123456789", max_size=1200) | st.just("9" * 5_000_000))
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered(text: str) -> None:
    found = inspect(text, TRUST, AT, as_it_is)
    assert found.fault in {TokenFault.UNREADABLE, TokenFault.NOT_OURS}


def test_every_published_vector_is_explained() -> None:
    texts = [text for text in _strings(VECTORS) if text.isdigit() and len(text) > 30]
    assert len(texts) > 20
    assert all(inspect(text, TRUST, AT, as_it_is).verdict for text in texts)


def _strings(value: object) -> "list[str]":
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


def test_the_command_speaks_both_languages_without_a_database() -> None:
    vietnamese = CliRunner().invoke(app, ["card", "inspect", "-"], input="HC1:abc")
    english = CliRunner().invoke(app, ["card", "inspect", "HC1:abc", "--language", "en"])
    assert vietnamese.exit_code == english.exit_code == 1
    assert FAULTS[TokenFault.UNREADABLE][:30] in english.output
    assert _words("vi")(FAULTS[TokenFault.UNREADABLE])[:20] in vietnamese.output
    assert _words("vi")(FAULTS[TokenFault.UNREADABLE]) != FAULTS[TokenFault.UNREADABLE]
