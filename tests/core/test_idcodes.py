import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksdb.core.idcodes import CodeKind, Doubt, looks_garbled, read_id_code

CARD = "046156000011|191234567|Nguyễn Thị Lan|05091956|Nữ|12 Lý Thái Tổ, Hương Vân, Hương Trà|01052021"

names = st.text(st.sampled_from("abcđeghiklmnopqrstuvxyêơưáàảãạ"), min_size=1, max_size=7).map(str.capitalize)
births = st.dates(date(1900, 1, 1), date(2099, 12, 31))
papers = st.sampled_from(["", "191234567", "046156000099"])
more = st.lists(st.text(st.characters(exclude_characters="|\n\r", exclude_categories=["Cs"]), max_size=8), max_size=5)


def number_of(born: date, *, female: bool) -> str:
    century = (born.year // 100 - 19) * 2 + female
    return f"046{century}{born.year % 100:02d}000011"


FOREIGN = json.loads((Path(__file__).parent.parent / "vectors" / "foreign.json").read_text("utf-8"))["vectors"]


@pytest.mark.parametrize("vector", FOREIGN, ids=[vector["name"] for vector in FOREIGN])
def test_the_desk_reads_every_foreign_code_as_the_file_says(vector: dict[str, object]) -> None:
    code = read_id_code(str(vector["text"]))
    assert ([code.kind.value, code.id_number] if code else None) == vector["desk"]


@given(st.lists(names, min_size=2, max_size=5), births, st.booleans(), papers, more)
def test_a_chip_card_gives_back_what_was_written(
    words: list[str], born: date, female: bool, old: str, more: list[str]
) -> None:
    number, name, sex = number_of(born, female=female), " ".join(words), "Nữ" if female else "Nam"
    code = read_id_code("|".join([number, old, name, f"{born:%d%m%Y}", sex, "12 Lý Thái Tổ", "01052021", *more]))
    assert code is not None
    assert (code.id_number, code.name, code.born_on) == (number, name, born)
    assert (code.old_id_number, code.sex, code.address) == (old, "female" if female else "male", "12 Lý Thái Tổ")
    assert code.issued_on == date(2021, 5, 1)
    assert set(code.doubts) <= {Doubt.LETTERS}


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    read_id_code(text)


@given(st.lists(st.text(), min_size=3, max_size=9))
def test_any_fields_get_an_answer(fields: list[str]) -> None:
    code = read_id_code("|".join(fields))
    assert code is None or code.id_number


@given(names, births, st.sampled_from(["%d%m%Y", "%d/%m/%Y", "%Y"]))
def test_the_personal_code(word: str, born: date, form: str) -> None:
    code = read_id_code(f"{number_of(born, female=True)}|Lê Thị {word}|{born.strftime(form)}|1|QID77|")
    assert code is not None
    assert code.kind is CodeKind.PERSONAL_QR
    assert (code.birth_year, code.sex) == (born.year, "female")
    assert code.born_on == (None if form == "%Y" else born)


def test_a_birth_may_be_a_year_alone() -> None:
    code = read_id_code(CARD.replace("05091956", "00001956"))
    assert code is not None
    assert (code.birth_year, code.born_on, code.doubts) == (1956, None, ())


@pytest.mark.parametrize(
    ("changed", "doubts"),
    [
        (CARD, ()),
        (CARD.replace("Nguyễn Thị Lan", "Nguy?n Th? Lan"), (Doubt.LETTERS,)),
        (CARD.replace("Nguyễn Thị Lan", "Nguyeen Thij Lan"), (Doubt.LETTERS,)),
        (CARD.replace("Nguyễn Thị Lan", "Nguye64n Thi5 Lan"), (Doubt.LETTERS,)),
        (CARD.replace("Nữ", "N?"), (Doubt.SEX,)),
        (CARD.replace("Nữ", "Nam"), (Doubt.NUMBER,)),
        (CARD.replace("05091956", "31021956"), (Doubt.BIRTH,)),
        (CARD.replace("046156", "999156"), (Doubt.NUMBER,)),
    ],
)
def test_what_a_reader_or_an_input_method_spoilt_is_said(changed: str, doubts: tuple[Doubt, ...]) -> None:
    code = read_id_code(changed)
    assert code is not None
    assert code.doubts == doubts
    assert code.sex == ("male" if "|Nam|" in changed else "female")


@pytest.mark.parametrize(
    "text", ["", "|||||||", "046156000011", "a|b|c|d|e|f|g", "123|Nguyễn Thị Lan|hôm qua|1", "HC1:6BF"]
)
def test_other_texts_are_no_codes(text: str) -> None:
    assert read_id_code(text) is None


def test_a_name_with_one_mark_is_whole() -> None:
    assert not looks_garbled("Nguyễn Van Lan")
    assert not looks_garbled("Lan")
