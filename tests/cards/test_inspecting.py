"""Any code is explained: every failure in its own words, in two languages, and nothing a stranger wrote is repeated."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.cast import AT, KEY, SECONDS, TOKEN, TRUST
from tests.core.test_hc1 import ANCHORS, DER, packed, signed
from tests.core.test_hc1 import AT as HC1_AT
from tests.core.test_lists import TOKEN as STATUS_TOKEN
from typer.testing import CliRunner

from ksdb import config
from ksdb.cards.inspecting import Believed, inspect
from ksdb.cards.inspecting.words import CERTIFICATE_FAULTS, CODE_FAULTS, FAULTS, GOOD, UNPROVED
from ksdb.cli import app
from ksdb.cli.card import AnchorsUnreadable, _words
from ksdb.core.electronic import CodeFault
from ksdb.core.hc1 import Hc1Fault
from ksdb.core.status_list import Listed, StatusList, empty
from ksdb.core.token import Claims, Form, IssuerKey, TokenFault, Usage, sign_token

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "cards.json").read_text(encoding="utf-8"))


PUBLISHED = {
    key["kid"]: IssuerKey(
        key["kid"],
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(key["public_key"])),
        Usage(key["usage"]),
        key["not_before"],
        key["not_after"],
    )
    for key in VECTORS["trust"]
}
BELIEVED = Believed(TRUST)


def as_it_is(text: str) -> str:
    return text


def test_a_good_code_says_what_it_claims() -> None:
    found = inspect(TOKEN, BELIEVED, AT, as_it_is)
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
        found = inspect(text, BELIEVED, at, as_it_is)
        assert (found.fault, found.verdict) == (fault, FAULTS[fault])
        assert found.verdict.startswith(fault.value)


def test_without_a_trust_list_nothing_is_called_good() -> None:
    found = inspect(TOKEN, Believed(), AT, as_it_is)
    assert (found.verdict, found.is_proved) == (UNPROVED, False)


def test_the_status_list_is_asked_too() -> None:
    statuses = empty()
    statuses[123456] = Listed.SUSPENDED
    found = inspect(TOKEN, Believed(TRUST, StatusList(1, SECONDS, statuses)), AT, as_it_is)
    assert dict(found.lines)["Status list"] == "suspended"
    assert STATUS_TOKEN


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("046156000001|191234567|Nguyễn Thị Lan|01011956|Nữ|Huế|2021", "identity card"),
        ("https://example.org/card?name=Lan", "web address"),
    ],
)
def test_other_codes_are_named_and_not_repeated(text: str, hint: str) -> None:
    found = inspect(text, BELIEVED, AT, as_it_is)
    said = found.verdict + str(found.lines)
    assert hint in said
    assert "Lan" not in said


@given(st.text(max_size=600) | st.text("0123456789", max_size=1200) | st.just("9" * 5_000_000))
@settings(max_examples=150, deadline=None)
def test_any_text_is_answered(text: str) -> None:
    found = inspect(text, BELIEVED, AT, as_it_is)
    assert found.fault in {TokenFault.UNREADABLE, TokenFault.NOT_OURS}


OF_CARDS = [
    vector for vector in VECTORS["vectors"] if vector["text"].strip() == vector["text"] and vector["text"][:4] != "HC1:"
]
"""Without one that ends in a line end, which the command takes off, and one that is read as a certificate."""


@pytest.mark.parametrize("vector", OF_CARDS, ids=lambda vector: vector["name"])
def test_every_published_token_is_explained_by_its_fault(vector: "dict[str, Any]") -> None:
    at = datetime.fromtimestamp(vector["at"], UTC)
    found = inspect(vector["text"], Believed(PUBLISHED), at, as_it_is)
    assert (found.fault and found.fault.value) == vector["fault"]
    assert found.verdict.startswith(vector["fault"] or "Good")


OF_PHONES = [code for code in VECTORS["codes"] if "a paper card" not in code["name"]]
"""Without a paper card's token: who reads codes of phones alone refuses it, and here it is explained as what it is."""


@pytest.mark.parametrize("code", OF_PHONES, ids=lambda code: code["name"])
def test_every_published_code_of_a_phone_is_explained_by_its_fault(code: "dict[str, Any]") -> None:
    at = datetime.fromtimestamp(code["at"], UTC)
    found = inspect(code["text"], Believed(PUBLISHED), at, as_it_is)
    assert (found.fault and found.fault.value) == code["fault"]
    if code["fault"] is None:
        assert dict(found.lines)["Form of the card"] == "electronic"


def test_every_fault_of_a_phone_or_a_certificate_has_its_words() -> None:
    assert (set(CODE_FAULTS), set(CERTIFICATE_FAULTS)) == (set(CodeFault), set(Hc1Fault))
    said = {**CODE_FAULTS, **CERTIFICATE_FAULTS}
    assert all(words.startswith(f"{fault.value}: ") for fault, words in said.items())


def test_a_health_certificate_is_explained_and_its_holder_not_named() -> None:
    found = inspect(packed(signed()), Believed(anchors=ANCHORS), HC1_AT, as_it_is)
    assert found.fault is None
    assert found.verdict.startswith("Authenticated")
    lines = dict(found.lines)
    assert (lines["Kind of certificate"], lines["Issued by the country"], lines["Doses"]) == (
        "vaccination certificate",
        "VN",
        "2 of 2",
    )
    assert "Lan" not in str(found)


def test_a_certificate_without_its_signer_says_nothing_but_that_it_is_not_authenticated() -> None:
    found = inspect(packed(signed()), BELIEVED, HC1_AT, as_it_is)
    assert found.fault == Hc1Fault.UNKNOWN_KEY
    assert found.verdict.startswith("Not authenticated: unknown_key")
    assert [value for _, value in found.lines] == ["It is a health certificate (HC1), such as a vaccine passport."]


def test_the_command_speaks_both_languages_without_a_database() -> None:
    vietnamese = CliRunner().invoke(app, ["card", "inspect", "-"], input="abc")
    english = CliRunner().invoke(app, ["card", "inspect", "abc", "--language", "en"])
    assert vietnamese.exit_code == english.exit_code == 1
    assert FAULTS[TokenFault.UNREADABLE][:30] in english.output
    assert _words("vi")(FAULTS[TokenFault.UNREADABLE])[:20] in vietnamese.output
    assert _words("vi")(FAULTS[TokenFault.UNREADABLE]) != FAULTS[TokenFault.UNREADABLE]


@pytest.fixture
def signers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that KSDB_HC1_ANCHORS names."""
    monkeypatch.setenv("KSDB_HC1_ANCHORS", str(tmp_path))
    config.settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    config.settings.cache_clear()


def test_the_command_believes_the_signers_in_the_folder_that_is_set(signers: Path) -> None:
    def said() -> str:
        return CliRunner().invoke(app, ["card", "inspect", "-", "--language", "en"], input=packed(signed())).output

    assert "unknown_key" in said()
    (signers / "vn.der").write_bytes(DER)
    assert "key_not_valid" in said()


def test_a_folder_of_signers_that_cannot_be_used_is_told_by_name(signers: Path) -> None:
    (signers / "vn.pem").write_text("-----BEGIN CERTIFICATE-----")
    done = CliRunner().invoke(app, ["card", "inspect", "-"], input="HC1:NCF")
    assert isinstance(done.exception, AnchorsUnreadable)
    assert "vn.pem" in str(done.exception)
