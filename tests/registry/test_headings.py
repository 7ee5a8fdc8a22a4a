import unicodedata

import pytest

from ksdb.registry.communes import Commune, Communes, group_name
from ksdb.registry.headings import Column, HeadingMissing, column_of, find_heading, heading_at


@pytest.mark.parametrize(
    ("text", "column"),
    [
        ("Họ và tên", Column.NAME),
        ("HỌ TÊN", Column.NAME),
        (unicodedata.normalize("NFD", "Họ và tên (chữ in hoa)"), Column.NAME),
        ("Ngày, tháng, năm sinh", Column.BIRTH),
        ("Năm sinh", Column.BIRTH),
        ("Giới tính", Column.SEX),
        ("Số CCCD/CMND", Column.ID_NUMBER),
        ("Số định danh", Column.ID_NUMBER),
        ("Số CMND cũ", Column.OLD_ID_NUMBER),
        ("CMND (9 số)", Column.OLD_ID_NUMBER),
        ("Số CMND (cũ)", Column.OLD_ID_NUMBER),
        ("Hộ chiếu", Column.PASSPORT),
        ("Số hộ chiếu (nếu có)", Column.PASSPORT),
        ("Quốc tịch", Column.NATIONALITY),
        ("CCCD người giám hộ", Column.GUARDIAN),
        ("Số CCCD/CMND người giám hộ", Column.GUARDIAN),
        ("Số CCCD cha/mẹ", Column.GUARDIAN),
        ("SĐT", Column.PHONE),
        ("Số điện thoại\n(nếu có)", Column.PHONE),
        ("Số sổ hộ khẩu", Column.HOUSEHOLD),
        ("Hộ số", Column.HOUSEHOLD),
        ("Quan hệ với chủ hộ", Column.RELATION),
        ("Tổ dân phố/Thôn", Column.GROUP),
        ("Thôn", Column.GROUP),
        ("Tổ", Column.GROUP),
        ("Địa chỉ", Column.ADDRESS),
        ("Xã/Phường", Column.COMMUNE),
        ("STT", None),
        ("Ghi chú", None),
        (12.0, None),
    ],
)
def test_headings_in_the_usual_wordings(text: str | float, column: Column | None) -> None:
    assert column_of(text) is column


def test_the_row_that_names_most_columns_is_the_heading() -> None:
    rows = [["Phường", "", ""], ["Họ và tên", "Năm sinh", "Tổ"], ["Nguyễn Thị Lan", "1956", "Tổ 1"]]
    heading = find_heading(rows)
    assert heading is not None
    assert (heading.row, heading.positions) == (1, {Column.NAME: 0, Column.BIRTH: 1, Column.GROUP: 2})
    with pytest.raises(HeadingMissing) as caught:
        heading.require([Column.NAME, Column.PHONE])
    assert caught.value.missing == (Column.PHONE,)


@pytest.mark.parametrize("texts", [["Họ tên", "CMND", "Số CCCD"], ["Họ tên", "Số CCCD", "Số CMND"]])
def test_a_cmnd_beside_a_cccd_is_the_old_number(texts: list[str]) -> None:
    places = heading_at(0, texts).positions
    assert texts[places[Column.ID_NUMBER]] == "Số CCCD"
    assert "CMND" in texts[places[Column.OLD_ID_NUMBER]]
    assert heading_at(0, ["Họ tên", "Số CMND"]).positions == {Column.NAME: 0, Column.ID_NUMBER: 1}


def test_people_without_a_heading_are_not_taken_for_one() -> None:
    assert find_heading([["Nguyễn Thị Lan", "1956", "Tổ 1"]] * 20) is None
    assert find_heading([[""]] * 15 + [["Họ và tên", "Năm sinh", "Tổ"]]) is None


@pytest.mark.parametrize(
    ("text", "commune", "name"),
    [
        ("3", "Phường Hương Vân", "Tổ dân phố 3"),
        ("3", "Xã Bình Tiến", "Thôn 3"),
        ("TDP số 03", "Phường Hương Vân", "Tổ dân phố 3"),
        ("Tổ 3", "Xã Bình Tiến", "Tổ dân phố 3"),
        ("thôn 3", "Phường Hương Vân", "Thôn 3"),
        ("Thôn  Giáp Tư", "Xã Hương Toàn", "Thôn Giáp Tư"),
    ],
)
def test_one_name_for_one_group(text: str, commune: str, name: str) -> None:
    assert group_name(text, Commune(1, commune)) == name


def test_communes_are_told_apart_by_their_marks_and_tones() -> None:
    communes = Communes([Commune(1, "Phường Hương Vân"), Commune(2, "Phường Hương Văn"), Commune(3, "Xã Hòa Bình")])
    named = {text: communes.named(text) for text in ("hương vân", "P. Hương Văn", "Huong Van", "Xã Hoà Bình", "")}
    assert {text: found.id if found else None for text, found in named.items()} == {
        "hương vân": 1,
        "P. Hương Văn": 2,
        "Huong Van": None,
        "Xã Hoà Bình": 3,
        "": None,
    }


def test_a_name_shared_by_two_kinds_needs_its_kind() -> None:
    communes = Communes([Commune(1, "Phường Phú Lộc"), Commune(2, "Xã Phú Lộc")])
    assert communes.named("Phú Lộc") is None
    assert communes.named("xã Phú Lộc") == Commune(2, "Xã Phú Lộc")
