"""Addresses in the order in which one walks."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ksdb.outreach.walking import walk_key

WALK = [
    "1 Lý Thái Tổ",
    "2 Lý Thái Tổ",
    "7 Lý Thái Tổ",
    "7A Lý Thái Tổ",
    "10 Lý Thái Tổ",
    "12 Lý Thái Tổ",
    "1 kiệt 12 Lý Thái Tổ",
    "12/5 Lý Thái Tổ",
    "12/5/2 Lý Thái Tổ",
    "12/11 Lý Thái Tổ",
    "13 Lý Thái Tổ",
    "Số 120 đường Lý Thái Tổ",
    "3 Nguyễn Trãi",
    "Nhà số 2, xóm 2",
    "Nhà số 11, xóm 2",
    "Nhà số 1, xóm 10",
]


def test_a_street_is_walked_by_number_and_each_alley_from_its_mouth() -> None:
    mixed = random.Random(2021).sample(WALK, len(WALK))
    assert sorted(mixed, key=walk_key) == WALK


@pytest.mark.parametrize(
    "same",
    [
        ["12/5 Lý Thái Tổ", "5 kiệt 12 Lý Thái Tổ", "kiệt 12/5 Lý Thái Tổ", "Số 5, kiệt 12, đường Lý Thái Tổ"],
        ["12/5/2 Lý Thái Tổ", "2 kiệt 12/5 Lý Thái Tổ", "2 ngách 5 kiệt 12 Lý Thái Tổ"],
        ["7A Lý Thái Tổ", "7a Ly Thai To", "số nhà 7A Lý Thái Tổ"],
    ],
)
def test_the_same_place_written_differently_is_one_place(same: list[str]) -> None:
    assert len({walk_key(address) for address in same}) == 1


@given(
    st.lists(st.text(max_size=30) | st.from_regex(r"(kiệt )?[0-9]{1,9}[a-z]?(/[0-9]{1,9})* [^0-9]*", fullmatch=True))
)
def test_whatever_is_written_has_one_place_in_the_order(addresses: list[str]) -> None:
    forth, back = (sorted(walk_key(address) for address in way) for way in (addresses, addresses[::-1]))
    assert forth == back
