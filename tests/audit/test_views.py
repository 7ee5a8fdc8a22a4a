"""The auditor's pages."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import scope_for, staff

from ksdb.access.models import StaffAccount
from ksdb.audit.actions import record, record_many, seal_entries
from ksdb.core.clock import today
from ksdb.core.scope import Purpose, Role, Scope
from ksdb.places.models import Division

pytestmark = pytest.mark.django_db
ENTRIES = reverse("audit:entries")


@pytest.fixture
def auditor(client: Client, whole_province: Division, binh: StaffAccount, system: Scope) -> Client:
    scope = scope_for(binh)
    record_many(scope, "registry:resident:read", [("resident", n) for n in (11, 12)], Purpose.CARD_SERVICE)
    record(scope, "tracing:trace:run", ("resident", 13), Purpose.CASE_TRACING, {"case": 77})
    seal_entries(system)
    client.force_login(staff("thu", "Đỗ Thị Thu", Role.AUDITOR, whole_province))
    return client


def page(client: Client, **asked: object) -> str:
    response = client.get(ENTRIES, asked)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    return response.content.decode()


def test_the_page_names_the_account_and_the_words_of_the_purpose(auditor: Client) -> None:
    text = page(auditor, purpose="card_service")
    assert text.count('<td class="govuk-table__cell">binh</td>') == 2
    assert "Cấp hoặc đổi thẻ" in text
    assert "tracing:trace:run" not in text


def test_the_page_shows_reason_count_and_hash_of_what_was_taken_out(auditor: Client, system: Scope) -> None:
    detail = {"reason": "theo văn bản 12/SYT", "rows": 612, "sha256": "ab" * 32, "parts": [1, {"x": None}], "case": 77}
    record(system, "tracing:trace:export", ("trace", 5), Purpose.CASE_TRACING, detail)
    text = page(auditor, case_id=77, action="tracing:trace:export").replace("<wbr>", "")
    assert text.count('<th scope="row"') == 1
    for said in ("Lý do: theo văn bản 12/SYT", "Số dòng: 612", "ab" * 32, "parts: 1, x = –"):
        assert said in text
    assert "govuk-error-summary" in page(auditor, case_id="77; DROP TABLE audit_entry")


def test_filters_go_with_the_page_number(auditor: Client, system: Scope) -> None:
    record_many(system, "x:y:z", [None] * 60)
    text = page(auditor, action="x:y", page=1)
    assert "action=x%3Ay&amp;page=2" in text
    assert text.count("<code>x:y:z</code>") == 50
    assert page(auditor, action="x:y", page=2).count("<code>x:y:z</code>") == 10


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "'; DROP TABLE audit_entry; --"},
        {"action": "Nguyễn Thị Lan"},
        {"since": "yesterday"},
        {"actor": "binh"},
        {"actor": "1 OR 1=1"},
        {"subject": "nobody"},
        {"subject_id": "9" * 30},
        {"purpose": "curiosity"},
    ],
)
def test_what_is_no_filter_is_said_and_shows_nothing(auditor: Client, asked: dict[str, str]) -> None:
    text = page(auditor, **asked)
    assert "govuk-error-summary" in text
    assert "<table" not in text


def test_nothing_found_is_said(auditor: Client) -> None:
    assert "Không có mục nào như vậy" in page(auditor, action="no:such")


def test_counts_of_the_month_hide_small_figures(auditor: Client, binh: StaffAccount) -> None:
    record_many(scope_for(binh), "registry:resident:read", [("resident", n) for n in range(9)], Purpose.REGISTRATION)
    text = auditor.get(reverse("audit:counts")).content.decode()
    assert "&lt;5" in text
    assert ">9</td>" in text
    assert ">2</td>" not in text
    assert f"{today():%m/%Y}" in text
    assert "<table" not in auditor.get(reverse("audit:counts"), {"month": "2020-01"}).content.decode()
    assert "govuk-error-summary" in auditor.get(reverse("audit:counts"), {"month": "x"}).content.decode()


def test_nothing_is_sent_by_post(auditor: Client) -> None:
    assert auditor.post(ENTRIES).status_code == 405
