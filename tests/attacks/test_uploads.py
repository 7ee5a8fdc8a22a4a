"""Files that are no lists of residents: too large, too deep, too wide, named like another, made to break the reader."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.attacks import bombs
from tests.attacks.asking import signed_in
from tests.attacks.world import list_of

from ksdb.access.models import StaffAccount
from ksdb.config import settings
from ksdb.core.scope import system_scope
from ksdb.places.models import Division
from ksdb.registry import probing
from ksdb.registry.actions import run_import, start_import
from ksdb.registry.models import Import, ImportProblem, Resident

IMPORTS = "/imports/"
FORMULAS = ['=HYPERLINK("http://evil.example";"A")', "+1+1", "-2+3", "@SUM(A1)", "=cmd|' /C calc'!A0", "\t=1+1", "\r=1"]


@pytest.fixture(autouse=True)
def _own_folder(own_var_dir: Path) -> None:
    """Uploads of these tests lie apart."""


def came_of(division: Division, content: bytes, name: str = "x.xlsx") -> tuple[str, str]:
    source = run_import(system_scope(), start_import(system_scope(), division.pk, name, content).pk)
    return source.status, source.failure


@pytest.mark.parametrize(
    ("bomb", "failure"),
    [
        (bombs.far_corner, "file_too_heavy"),
        (bombs.shared_text, "file_too_heavy"),
        (bombs.unclosed_cells, "file_too_heavy"),
        (bombs.merged_to_the_bottom, "file_too_heavy"),
        (bombs.zeros, "file_too_large"),
        (bombs.entities, "file_unreadable"),
        (bombs.outside_entity, "file_unreadable"),
        (bombs.lying, "file_unreadable"),
    ],
)
def test_a_bomb_fails_its_import_and_nothing_else(
    commune_a: Division, monkeypatch: pytest.MonkeyPatch, bomb: Callable[[], bytes], failure: str
) -> None:
    monkeypatch.setattr(probing, "MOST_SECONDS", 4)
    assert came_of(commune_a, bomb()) == ("failed", failure)
    assert came_of(commune_a, list_of([["Nguyễn Thị Lan", "1956", "Tổ dân phố 1"]])) == ("done", "")


def test_ten_thousand_columns_are_a_list_with_much_beside_it(commune_a: Division) -> None:
    assert came_of(commune_a, bombs.wide(10_000)) == ("done", "")
    assert Resident.objects.get().full_name == "Nguyễn Thị Rộng"


@pytest.mark.parametrize(
    ("name", "content", "failure"),
    [
        ("the.xlsx", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "file_unreadable"),
        ("the.xlsx", b"", "file_unreadable"),
        ("the.xlsx", b"PK\x03\x04" + bytes(400), "file_unreadable"),
        ("the.csv", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "heading_not_found"),
        ("the.csv", b'"' + b"x" * 300_000, "file_unreadable"),
        ("the.csv", b"\x00" * 5000, "heading_not_found"),
        ("the.csv", ("Họ và tên,Ngày sinh,Tổ dân phố\n" + "\n" * 2_100_000).encode(), "file_too_large"),
    ],
)
def test_what_is_no_list_is_said_to_be_none(commune_a: Division, name: str, content: bytes, failure: str) -> None:
    assert came_of(commune_a, content, name) == ("failed", failure)
    assert not Resident.objects.exists()


def sent(client: Client, division: Division, name: str, content: bytes) -> int:
    file = SimpleUploadedFile("x", content)
    file._name = name
    return int(client.post(IMPORTS, {"division": division.pk, "file": file}).status_code)


def test_65_mb_are_refused_in_words(commune_a: Division, binh: StaffAccount) -> None:
    assert sent(signed_in(binh), commune_a, "x.xlsx", bytes(65 * 2**20)) == 200
    assert not Import.objects.exists()


def test_what_is_far_too_large_is_refused_before_it_is_read(commune_a: Division, binh: StaffAccount) -> None:
    class Unread(io.BytesIO):
        def read(self, *_: object) -> bytes:
            raise AssertionError("read")

    announced = {"CONTENT_TYPE": "multipart/form-data; boundary=x", "wsgi.input": Unread()}
    for client, length in ((signed_in(binh), 300 * 2**20), (Client(), 3 * 2**20), (signed_in(binh), 10**17)):
        answer = client.generic("POST", IMPORTS, **announced, CONTENT_LENGTH=str(length))
        assert answer.status_code in {302, 413}, (length, answer.status_code)
        answer = client.generic("POST", reverse("access:sign_in"), **announced, CONTENT_LENGTH=str(length))
        assert answer.status_code == 413


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/cron.d/x.xlsx",
        "..\\..\\windows\\x.xlsx",
        "/etc/passwd.xlsx",
        "x.xlsx/../../y.xlsx",
        "a\r\nX-Evil: 1.xlsx",
        'a"; filename="evil.xlsx',
        "a\x00.xlsx",
        "<script>alert(1)</script>.xlsx",
        "=1+1.xlsx",
        "n" * 250 + ".xlsx",
    ],
)
def test_a_file_lies_under_the_name_of_its_content(commune_a: Division, binh: StaffAccount, name: str) -> None:
    sent(signed_in(binh), commune_a, name, list_of([["Nguyễn Thị Lan", "1956", "Tổ dân phố 1"]]))
    kept = [path.relative_to(settings().var_dir).as_posix() for path in settings().var_dir.rglob("*") if path.is_file()]
    assert all(re.fullmatch(r"(imports/[0-9a-f]{64}\.xlsx|imports/\d+-look\.json|secrets/\w+)", path) for path in kept)
    for source in Import.objects.all():
        assert "/" not in source.file_name
        assert source.file_name.isprintable()


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_file_of_ours_holds_a_formula(commune_a: Division, binh: StaffAccount, formula: str) -> None:
    """As a name, a heading and every other cell; in every workbook that the site gives away."""
    heading = ("Họ và tên", "Ngày sinh", "Tổ dân phố/Thôn", "Địa chỉ", "Số hộ", formula)
    content = list_of([[formula] * 6, ["Nguyễn Thị Lan", "1956", formula, formula, formula, formula]], heading)
    source = run_import(system_scope(), start_import(system_scope(), commune_a.pk, f"{formula}.xlsx", content).pk)
    client = signed_in(binh)
    for path in (reverse("registry:import_rejected", args=[source.pk]), reverse("registry:import_sample")):
        answer = client.get(path)
        book = openpyxl.load_workbook(io.BytesIO(b"".join(answer) if answer.streaming else answer.content))
        assert {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert not Resident.objects.filter(full_name__regex=r"^[=+\-@\t\r]").exists()


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "Lan{{7*7}}",
        "Lan&#60;b&#62;",
        "javascript:alert(1)",
        "Lan<b>",
        "Lan\u202eabc<",
        "Lan; DROP TABLE resident",
        "Lan%0d%0aX",
    ],
)
def test_such_names_are_not_registered(commune_a: Division, name: str) -> None:
    assert came_of(commune_a, list_of([[name, "1956", "Tổ dân phố 1"]])) == ("done", "")
    assert not Resident.objects.exists()
    assert ImportProblem.objects.filter(row_number=2, code="name_letters", is_rejection=True).exists()
