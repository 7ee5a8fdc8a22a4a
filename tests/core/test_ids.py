from datetime import date

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.ids import (
    card_number,
    digits_of,
    id_number_doubts,
    is_card_number,
    is_id_number,
    modern_phone,
    random_card_number,
)

payloads = st.integers(0, 10**10 - 1)


@given(payloads)
def test_a_made_number_is_a_number(payload: int) -> None:
    number = card_number(payload)
    assert len(number) == 12
    assert is_card_number(number)
    assert int(number[:10]) == payload


@given(payloads)
def test_every_mistyped_digit_is_caught(payload: int) -> None:
    number = card_number(payload)
    for place, right in enumerate(number):
        for wrong in set("0123456789") - {right}:
            assert not is_card_number(number[:place] + wrong + number[place + 1 :])


@given(payloads)
def test_every_pair_of_neighbours_changed_over_is_caught(payload: int) -> None:
    number = card_number(payload)
    for place in range(11):
        if number[place] != number[place + 1]:
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            assert not is_card_number(swapped)


def test_an_example_by_hand() -> None:
    # ISO 7064 MOD 97-10: 0794 gives 44.
    assert card_number(794) == "000000079444"


@pytest.mark.parametrize(
    "text", ["", "1", "00000007944", "0000000794440", "00000007944a", "０００００００７９４４４", "-00000079444"]
)
def test_not_card_numbers(text: str) -> None:
    assert not is_card_number(text)


def test_random_numbers_are_numbers_and_differ() -> None:
    numbers = {random_card_number() for _ in range(1000)}
    assert len(numbers) == 1000
    assert all(map(is_card_number, numbers))


def test_what_people_put_between_digits() -> None:
    assert digits_of(" 0000 0007-9444. ") == "000000079444"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("0912 345 678", "0912345678"),
        ("+84 912 345 678", "0912345678"),
        ("84912345678", "0912345678"),
        ("912345678", "0912345678"),
        ("01234567890", "0834567890"),
        ("0169.888.7777", "0398887777"),
        ("0234 3822 131", "02343822131"),
        ("0120.345.6789", "0703456789"),
        ("0129 345 6789", "0823456789"),
        ("+84 169 888 7777", "0398887777"),
        ("0188 345 6789", "0583456789"),
        ("+82 2-312-3456", "+8223123456"),
        ("+82 999", None),
        ("0999", None),
        ("09123456789", None),
        ("0112345678", None),
        ("", None),
        ("abc", None),
    ],
)
def test_phones(typed: str, expected: str | None) -> None:
    assert modern_phone(typed) == expected


@given(st.from_regex(r"0[1-9][0-9]{8,9}", fullmatch=True))
def test_the_short_way_agrees_with_the_library(number: str) -> None:
    try:
        is_valid = phonenumbers.is_valid_number(phonenumbers.parse(number, "VN"))
    except phonenumbers.NumberParseException:
        is_valid = False
    found = modern_phone(number)
    assert (found == number) == is_valid or found == modern_phone(found or "")
    assert found is not None or not is_valid


@given(st.text())
def test_any_phone_gets_an_answer_that_stays(text: str) -> None:
    number = modern_phone(text)
    if number is not None:
        assert modern_phone(number) == number


@pytest.mark.parametrize(
    ("number", "born", "sex", "doubts"),
    [
        ("046156001234", 1956, "female", []),
        ("046056001234", 1956, "male", []),
        ("046056001234", 1956, "female", ["id_number_sex"]),
        ("046301001234", date(2001, 5, 1), "female", []),
        ("046156001234", 1957, "female", ["id_number_year"]),
        ("046156001234", None, None, []),
        ("191234567", 1956, "female", []),
    ],
)
def test_doubts(number: str, born: date | int | None, sex: str, doubts: list[str]) -> None:
    assert id_number_doubts(number, born, sex) == doubts  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("046156001234", True),
        ("191234567", True),
        ("19123456", False),
        ("٠٤٦١٥٦٠٠١٢٣٤", False),
        ("04615600123a", False),
    ],
)
def test_id_numbers(number: str, expected: bool) -> None:
    assert is_id_number(number) is expected
