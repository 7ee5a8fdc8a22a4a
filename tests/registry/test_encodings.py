import unicodedata
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.lists import HEADING, counts, person

from ksdb.access.models import StaffAccount
from ksdb.core.names import stored_name
from ksdb.core.scope import Scope
from ksdb.places.models import Division
from ksdb.registry.actions import begin_check, check_list, needs_a_person, run_import, take_list
from ksdb.registry.encodings import BLOCK, Encoding, likeliest, written_in
from ksdb.registry.models import Resident
from ksdb.registry.queries import look_of
from ksdb.registry.syllables import can_be_syllable
from ksdb.simulation.names import name_tables

CHECK_DATA = Path("/work/shared/data/check/imports")
TONES = "\u0300\u0301\u0303\u0309\u0323"
NAMES = ["Nguyễn Thị Thủy", "Đặng Hữu Nghĩa", "Hồ Đắc Ưng Quỳnh", "Lê Thị Mỹ Ngọc"]


def windows_1258(text: str) -> bytes:
    """As Windows writes it: the letter, and its tone as a sign of its own where there is no letter with it."""
    encoded = []
    for letter in unicodedata.normalize("NFC", text):
        try:
            encoded.append(letter.encode("cp1258"))
        except UnicodeEncodeError:
            parts = unicodedata.normalize("NFD", letter)
            bare = unicodedata.normalize("NFC", "".join(part for part in parts if part not in TONES))
            encoded.append((bare + "".join(part for part in parts if part in TONES)).encode("cp1258"))
    return b"".join(encoded)


def listed(names: list[str], separator: str = ",") -> str:
    rows = [HEADING, *(person(n, name=name) for n, name in enumerate(names, start=1))]
    return "\r\n".join(separator.join("" if cell is None else str(cell) for cell in row) for row in rows)


def encoded(text: str, encoding: Encoding) -> bytes:
    return windows_1258(text) if encoding is Encoding.WINDOWS_1258 else text.encode(encoding)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", [Encoding.UTF_8, Encoding.WINDOWS_1258, Encoding.UTF_16])
@pytest.mark.django_db
def test_names_arrive_composed_from_every_encoding(
    commune_a: Division, system: Scope, encoding: Encoding, separator: str
) -> None:
    source = take_list(system, commune_a.pk, "ds.csv", [encoded(listed(NAMES, separator), encoding)])
    look = look_of(system, source.pk)
    assert (look.plan.encoding, look.plan.delimiter) == (encoding, separator)
    assert look.is_certain == (encoding is not Encoding.WINDOWS_1258)
    begin_check(system, source.pk)
    done = run_import(system, check_list(system, source.pk).pk)
    assert counts(done) == (len(NAMES), 0, 0)
    stored = set(Resident.objects.values_list("full_name", flat=True))
    assert stored == {unicodedata.normalize("NFC", name) for name in NAMES}


@pytest.mark.django_db
def test_a_guessed_encoding_is_shown_to_a_person(commune_a: Division, system: Scope) -> None:
    source = take_list(system, commune_a.pk, "ds.csv", [windows_1258(listed(NAMES))])
    assert needs_a_person(system, source)
    source = take_list(system, commune_a.pk, "ds.csv", [listed(NAMES).encode()])
    assert not needs_a_person(system, source)


LATIN = ["Lý Mã Hòa", "Trình Bình", "Võ Hùng Quý", "Phùng Quý Tòng"]
"""Names that ISO-8859-1 has all letters of. As Windows-1258 they would be Lư Mă Ḥa, and so on."""


@pytest.mark.django_db
def test_a_list_in_iso_8859_1_keeps_its_names(commune_a: Division, system: Scope) -> None:
    rows = ["Ho va ten,Nam sinh,To", *(f"{name},{1950 + n},1" for n, name in enumerate(LATIN))]
    source = take_list(system, commune_a.pk, "ds.csv", ["\n".join(rows).encode("iso-8859-1")])
    look = look_of(system, source.pk)
    assert (look.plan.encoding, look.is_certain, look.is_open) == (Encoding.ISO_8859_1, False, False)
    begin_check(system, source.pk)
    assert counts(run_import(system, check_list(system, source.pk).pk)) == (len(LATIN), 0, 0)
    assert set(Resident.objects.values_list("full_name", flat=True)) == set(LATIN)


@pytest.mark.django_db
def test_where_letters_tell_nothing_somebody_chooses(
    commune_a: Division, system: Scope, client: Client, binh: StaffAccount
) -> None:
    """Lý in one encoding is Lư in the other, and both are names."""
    data = "Ho va ten,Nam sinh,To\nTran Thi Lý,1956,1".encode("iso-8859-1")
    source = take_list(system, commune_a.pk, "ds.csv", [data])
    assert look_of(system, source.pk).is_open
    client.force_login(binh)
    path = f"/imports/{source.pk}/columns/"
    named = {"column_0": "name", "column_1": "birth", "column_2": "group"}
    refused = client.post(path, named)
    assert refused.status_code == 422
    assert "Hãy chọn bảng mã trước" in refused.content.decode()
    for encoding, name in [(Encoding.WINDOWS_1258, "Tran Thi Lư"), (Encoding.ISO_8859_1, "Tran Thi Lý")]:
        client.post(path, {"look": "1", "encoding": encoding.value, "delimiter": ",", "heading_row": "1"})
        assert name in client.get(path).content.decode()
    assert client.post(path, named)["Location"] == f"/imports/{source.pk}/"
    run_import(system, check_list(system, source.pk).pk)
    assert Resident.objects.get().full_name == "Tran Thi Lý"


def test_no_given_name_speaks_against_its_own_encoding() -> None:
    names = [name for name in name_tables().given if name]
    assert {name for name in names if likeliest(windows_1258(name))[0] != Encoding.WINDOWS_1258} == set()
    told = [name for name in names if likeliest(windows_1258(f"Nguyễn Thị {name}")) == (Encoding.WINDOWS_1258, True)]
    assert told == names


@pytest.mark.parametrize(
    ("word", "can_be"),
    [
        ("Nguyễn", True), ("ĐẶNG", True), ("quý", True), ("Gìn", True), ("giỗ", True), ("Thuở", True), ("Lý", True),
        ("Lư", True), ("Mă", False), ("B\u0323nh", False), ("Hýng", False), ("ThuÒy", False), ("Ðãng", False),
        ("tàt", False), ("tát", True),
    ],
)  # fmt: skip
def test_what_can_be_a_syllable(word: str, can_be: bool) -> None:
    assert can_be_syllable(word) == can_be


def test_a_letter_between_two_blocks_does_not_hide_that_it_is_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(b"x" * (BLOCK - 1) + "ễ\n".encode())
    assert written_in(path) == type(written_in(path))(Encoding.UTF_8, True, 1)
    path.write_bytes(b"x" * BLOCK + "ễ".encode()[:2])
    assert not written_in(path).is_certain


@given(st.lists(st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạấầẩẫậốồổỗộứừửữự"), min_size=1), min_size=3))
def test_windows_1258_holds_every_vietnamese_word(words: list[str]) -> None:
    text = " ".join(words)
    assert stored_name(windows_1258(text).decode("cp1258")) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("name", "text", "is_certain"),
    [
        ("sormas_region_import_test_large_file_iso8859_1.csv", "name,epidCode", False),
        ("sormas_region_import_test_large_file_utf8_with_bom.csv", "name,epidCode", True),
        ("ImportContactPrio.csv", '"Contact";', True),
    ],
)
def test_files_of_the_field(name: str, text: str, is_certain: bool) -> None:
    path = CHECK_DATA / name
    if not path.exists():
        pytest.skip("no check data on this machine")
    written = written_in(path)
    assert written.is_certain == is_certain
    assert (written.encoding == Encoding.UTF_8) == is_certain
    decoded = path.read_bytes().decode(written.encoding)
    assert decoded.startswith(text)
    assert is_certain or "Sömé rêâlly ßtràngë cøüntry" in decoded  # the same letters in both: nothing to choose
    assert not any("\x7f" <= letter <= "\x9f" for letter in decoded)
