import csv
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.names import fold, search_key, sort_key, stored_name

TEXT = Path(__file__).parent / "text"
names = st.lists(
    st.sampled_from(
        [
            "Nguyễn",
            "Thị",
            "Diệu",
            "Hương",
            "Lan",
            "Đỗ",
            "Đức",
            "Lý",
            "Mỹ",
            "Tôn",
            "Nữ",
            "Ánh",
            "Ấn",
            "Ân",
            "Anh",
            "Thuỷ",
            "Thủy",
            "Hoà",
            "Hòa",
            "Ơn",
            "Ưng",
        ]
    ),
    min_size=1,
    max_size=6,
).map(" ".join)


@given(names)
def test_composed_and_decomposed_are_one_name(name: str) -> None:
    apart = unicodedata.normalize("NFD", name)
    assert stored_name(apart) == name
    assert fold(apart) == fold(name)
    assert sort_key(apart) == sort_key(name)


@given(st.text())
def test_storing_and_folding_twice_change_nothing(text: str) -> None:
    assert stored_name(stored_name(text)) == stored_name(text)
    assert fold(fold(text)) == fold(text)


@given(names)
def test_a_folded_name_is_plain(name: str) -> None:
    assert fold(name).isascii()
    assert fold(name) == fold(name.upper())


def test_spaces() -> None:
    assert stored_name("  Nguyễn\u00a0Thị \t Lan\n") == "Nguyễn Thị Lan"


def test_y_and_i_are_searched_as_one() -> None:
    assert search_key("Lý Mỹ") == search_key("Lí Mĩ")
    assert search_key("Thúy") != search_key("Thúi")


def test_a_list_in_vietnamese_order() -> None:
    ordered = [
        "Nguyễn Văn An",
        "Trần Văn An",
        "Lê Thị Ân",
        "Lê Thị Ấn",
        "Hồ Bình",
        "Lê Dung",
        "Lê Đào",
        "Lê Hoa",
        "Lê Hòa",
        "Lê Hóa",
        "Lê Hoài",
        "Lê Lan",
        "Lê Lân",
        "Lê Minh",
        "Lê Ngọc",
        "Lê Oanh",
        "Lê Ơn",
        "Lê Tâm",
        "Lê Út",
        "Lê Ưng",
        "Lê Ý",
    ]
    assert sorted(set(ordered), key=sort_key) == ordered
    assert sorted(set(ordered), key=lambda name: sort_key(name).encode()) == ordered


def test_tones_in_the_order_of_the_dictionaries() -> None:
    # ngang, huyền, hỏi, ngã, sắc, nặng
    assert sorted(["mạ", "má", "mã", "mả", "mà", "ma"], key=sort_key) == ["ma", "mà", "mả", "mã", "má", "mạ"]


@given(st.text())
def test_any_text_has_a_key(text: str) -> None:
    assert sort_key(text) == sort_key(stored_name(text))


def cases(name: str) -> list[dict[str, str]]:
    with (TEXT / name).open(encoding="utf-8", newline="") as file:
        return [dict(row) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]


def test_marks_are_removed_as_in_the_reference() -> None:
    rows = [row for row in cases("deaccent_cases.tsv") if row["input"] == row["input"].strip()]
    assert len(rows) > 50
    wrong = [row["case"] for row in rows if fold(row["input"]) != fold(row["want"]) or not _plain(row)]
    assert wrong == []


def _plain(row: dict[str, str]) -> bool:
    return fold(row["input"]) == " ".join(row["want"].lower().split())


@pytest.mark.parametrize(("name", "most"), [("i_y_cases.tsv", 100), ("tone_new_style_cases.tsv", 266)])
def test_spellings_of_one_syllable_are_searched_as_one(name: str, most: int) -> None:
    """i and y, and the tone mark on either vowel (Hòa, Hoà), as the reference has them."""
    rows = cases(name)
    assert len(rows) == most
    assert [row["case"] for row in rows if search_key(row["input"]) != search_key(row["want"])] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hoà", "Hòa"), ("Thuỷ", "Thủy"), ("Thuý", "Thúy"), ("Lý", "Lí"), ("Vy", "Vi"), ("Đỗ", "Do"),
        ("Yến", "Iến"), ("Ý Nhi", "Í Nhi"), ("Lê Hải Yến", "LE HAI IEN"), ("Như Ý", "Nhu I"),
    ],
)  # fmt: skip
def test_spellings_that_are_searched_as_one(one: str, other: str) -> None:
    assert search_key(one) == search_key(other)


@pytest.mark.parametrize(("one", "other"), [("Thúy", "Thúi"), ("Huy", "Hui"), ("Tây", "Tai"), ("Lan", "Lam")])
def test_spellings_that_are_not(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)
