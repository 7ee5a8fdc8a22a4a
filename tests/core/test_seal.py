import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.seal import KeyVersionUnknown, Sealer

SEALER = Sealer({1: bytes(32)}, b"\1" * 32)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_opens(text: str) -> None:
    assert SEALER.open("phone", SEALER.seal("phone", text)) == text


def test_two_seals_of_one_text_differ_and_their_match_keys_do_not() -> None:
    assert SEALER.seal("phone", "0912345678") != SEALER.seal("phone", "0912345678")
    assert SEALER.match_key("phone", "0912345678") == SEALER.match_key("phone", "0912345678")
    assert len(SEALER.match_key("phone", "0912345678")) == 16


def test_a_match_key_is_of_its_field_and_its_secret() -> None:
    other = Sealer({1: bytes(32)}, b"\2" * 32)
    assert SEALER.match_key("phone", "1") != SEALER.match_key("id_number", "1")
    assert SEALER.match_key("phone", "1") != other.match_key("phone", "1")


def test_moved_to_another_column_it_stays_shut() -> None:
    with pytest.raises(InvalidTag):
        SEALER.open("id_number", SEALER.seal("phone", "0912345678"))


def test_every_altered_byte_is_noticed() -> None:
    sealed = SEALER.seal("phone", "0912345678")
    for place in range(len(sealed)):
        altered = bytes(b ^ (1 if i == place else 0) for i, b in enumerate(sealed))
        with pytest.raises((InvalidTag, KeyVersionUnknown)):
            SEALER.open("phone", altered)


def test_another_key_opens_nothing() -> None:
    with pytest.raises(InvalidTag):
        Sealer({1: b"\3" * 32}, b"\1" * 32).open("phone", SEALER.seal("phone", "0912345678"))


def test_the_newest_key_seals_and_older_ones_open() -> None:
    both = Sealer({1: bytes(32), 7: b"\7" * 32}, b"\1" * 32)
    old = SEALER.seal("phone", "0912345678")
    assert both.open("phone", old) == "0912345678"
    anew = both.sealed_anew("phone", old)
    assert anew is not None
    assert (anew[0], both.open("phone", anew)) == (7, "0912345678")
    assert both.sealed_anew("phone", anew) is anew
    assert both.sealed_anew("phone", None) is None
    with pytest.raises(KeyVersionUnknown):
        SEALER.open("phone", anew)
