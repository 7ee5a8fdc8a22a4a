"""The pages of results, rules, wards, disputes and cases in a real Chromium, on the narrowest phone and on a desk."""

import shutil
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from tests.conftest import resident_of, staff
from tests.looking import looked_at
from tests.tracing.conftest import ScanAt, moment

from ksdb.access.models import StaffAccount
from ksdb.core.clock import now, today
from ksdb.core.decision import Flag
from ksdb.core.scope import Role, Scope, system_scope
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, open_case, run_trace
from ksdb.tracing.actions.correcting import CaseFields, correct_case, link_cases
from ksdb.tracing.actions.reporting import report_cases
from ksdb.tracing.actions.rerunning import rerun_touched
from ksdb.tracing.actions.wards import hand_over
from ksdb.tracing.linelist import ReadLine
from ksdb.tracing.models import CaseLink, CaseRecord, ReportedCase, Trace, WardList
from ksdb.visits.actions import dispute_visit
from ksdb.visits.disputing import Raiser, Reason, VisitRef
from ksdb.visits.models import Dispute, Visit

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SYSTEM = system_scope()


@pytest.fixture
def profiles(clean_registry: None) -> Scope:
    """Before all that commits: profiles, and days for the visits."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions(%s, %s)", [moment(0).date(), today()])
    return SYSTEM


@pytest.fixture
def town(scan: ScanAt, lans_case: CaseRecord, neighbour: Resident, stranger: Resident, market_a: ScanPoint) -> Trace:
    """Everything that the pages show: two runs that differ, a flag, a dispute, links, lists, corrections."""
    ScanPoint.objects.filter(pk=market_a.pk).update(latitude=16.461, longitude=107.602)
    first = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    scan(resident_of(market_a.division, "Võ Thị Trễ"), market_a, moment(8, 5))
    Trace.objects.update(stale_at=now(), stale_why="late")
    rerun_touched(SYSTEM)
    run_trace(SYSTEM, lans_case.pk, "national-2022", 1)
    visit = Visit.objects.filter(resident_id=neighbour.pk).earliest("scanned_at")
    ref = VisitRef(visit.point_id, visit.scanned_at, visit.device_id, visit.sequence)
    dispute_visit(SYSTEM, ref, Reason.NOT_ME, "thẻ của tôi bị mất từ tuần trước", Raiser.RESIDENT)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO visit_flag VALUES (%s, %s, %s, %s, %s, 1)", [*ref.__dict__.values(), int(Flag.TOO_FAST)]
        )
    other = open_case(SYSTEM, stranger.pk, CaseFacts("covid-19", today(), today(), None))
    link_cases(SYSTEM, lans_case.pk, other.pk, CaseLink.Kind.INFECTED_BY)
    fields = {name: getattr(lans_case, name) for name in CaseFields.__dataclass_fields__}
    correct_case(SYSTEM, lans_case.pk, 1, CaseFields(**{**fields, "result": "positive"}), "kết quả từ phòng xét nghiệm")
    line = ReadLine("BV-17", None, today(), None, 56, "female", "", "BV-3")
    earlier = ReadLine("BV-3", None, moment(0).date(), None, 31, "male", "", "")
    report_cases(SYSTEM, market_a.division_id, "covid-19", [line, earlier])
    hand_over(SYSTEM, first.pk, [market_a.division_id])
    return Trace.objects.get(before=first)


@pytest.fixture
def hanh(town: Trace) -> StaffAccount:
    province = Division.objects.get(kind=Division.Kind.PROVINCE, valid_from=date(2025, 7, 1))
    return staff("hanh", "Trần Thị Hạnh", Role.EPIDEMIOLOGIST, province)


@pytest.fixture
def paths(town: Trace, hanh: StaffAccount, neighbour: Resident) -> dict[str, str]:
    """Each page with its address, asked of the database before a browser runs beside it."""
    case, contact = town.case_id, town.contacts.get(resident_id=neighbour.pk)
    cases = "&".join(f"case={one.pk}" for one in CaseRecord.objects.all())
    return {
        "case": f"/cases/{case}/",
        "correct": f"/cases/{case}/correct/",
        "trace": f"/traces/{town.pk}/",
        "contact": f"/traces/{town.pk}/contacts/{contact.pk}/",
        "deny": f"/traces/{town.pk}/contacts/{contact.pk}/meetings/{contact.co_presences.get().pk}/dispute/",
        "places": f"/traces/{town.pk}/places/",
        "wards": f"/traces/{town.pk}/wards/",
        "ward-lists": "/ward-lists/",
        "ward-list": f"/ward-lists/{WardList.objects.get().pk}/",
        "rules": "/rules/",
        "rules-new": "/rules/new/",
        "rules-edit": "/rules/overlap-15/",
        "point": f"/cases/{case}/points/{town.stays.get().point_id}/?on={moment(0):%Y-%m-%d}&since=08:00&until=10:00",
        "points": f"/cases/{case}/points/?name=cho",
        "reported-chain": f"/chains/reported/{ReportedCase.objects.get(label='BV-17').pk}/?all=1",
        "backward": f"/cases/backward/?hours=1&days=14&{cases}",
        "reports": "/cases/unknown/",
        "report": "/cases/unknown/new/",
        "line-list": "/cases/line-list/",
        "line-export": "/cases/line-list/export/",
        "disputes": "/disputes/",
        "dispute": f"/disputes/{Dispute.objects.get().pk}/",
        "compare": f"/cases/{case}/compare/",
    }


@pytest.fixture
def page(live_server: Any, hanh: StaffAccount, paths: dict[str, str]) -> Iterator[Any]:
    """The epidemiologist's browser; errors of policy and script are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    client = Client()
    client.force_login(hanh)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(base_url=live_server.url, locale="vi-VN")
        page.context.add_cookies([cookie])
        errors: list[str] = []
        page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield page
        browser.close()
        assert errors == []


def test_an_epidemiologists_morning(page: Any, paths: dict[str, str]) -> None:
    page.goto("/cases/")
    looked_at(page, "cases")
    page.locator(".notice li a").click()
    looked_at(page, "changes")
    page.locator("form[action$='/changes/seen/'] button").click()
    page.locator(".notice--success").wait_for()
    for name, path in paths.items():
        assert page.goto(path).status == 200, name
        looked_at(page, name)
    for label, code in (("Bộ quy tắc thứ nhất", "national-2022"), ("Bộ quy tắc thứ hai", "overlap-15")):
        choice = page.get_by_label(label)
        choice.select_option(choice.locator("option", has_text=code).get_attribute("value"))
    page.locator("form[method=post][action$='/compare/'] button").click()
    page.locator(".figures").wait_for()
    looked_at(page, "compared")
    assert page.locator(".figures dd").all_inner_texts() == ["5", "3", "3"]
    page.goto(paths["ward-list"])
    page.get_by_role("button", name="In cả danh sách").click()
    page.get_by_label("Lý do").fill("phát cho tổ đi từng nhà chiều nay")
    page.get_by_role("button", name="Hiện danh sách để in").click()
    page.get_by_text("In trang này bằng trình duyệt").wait_for()
    looked_at(page, "ward-print")
    page.goto("/cases/new/")
    page.get_by_label("Hoặc họ và tên").fill("tran van hoa")
    page.get_by_role("button", name="Tìm người").click()
    looked_at(page, "people-found")
    page.get_by_role("link", name="Trần Văn Hòa").click()
    page.get_by_label("Ngày lấy mẫu").fill(today().isoformat())
    looked_at(page, "case-open")
    page.get_by_role("button", name="Mở ca và truy vết").click()
    page.wait_for_url("**/traces/*/")
    assert "Nguyễn Thị Lan" in page.locator("tbody th").all_inner_texts()
