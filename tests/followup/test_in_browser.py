"""Bình calls his contacts on a phone; Hạnh follows a case, watches, and walks along its chain with the keyboard."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from tests.conftest import commune, resident_of, staff
from tests.followup.conftest import of
from tests.looking import looked_at

from ksdb.access.models import StaffAccount
from ksdb.core.clock import today
from ksdb.core.scope import Role, system_scope
from ksdb.followup.actions.calls import became_case
from ksdb.followup.models import DayEntry, Event, FollowUp
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, open_case
from ksdb.tracing.actions.correcting import link_cases
from ksdb.tracing.models import CaseLink, Trace

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
SYSTEM = system_scope()
ILL = CaseFacts("covid-19", today(), today())
Browser = Callable[[StaffAccount, int], Any]


@pytest.fixture
def browser_of(live_server: Any, traced: Trace, monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    """A browser of that account and width; errors of policy and script are failures."""
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread; nobody awaits in it
    errors: list[str] = []
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium, args=FLAGS)

        def opened(account: StaffAccount, width: int) -> Any:
            client = Client()
            client.force_login(account)
            context = browser.new_context(
                base_url=live_server.url, locale="vi-VN", viewport={"width": width, "height": 800}
            )
            cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
            context.add_cookies([cookie])
            page = context.new_page()
            # A form that lacks something is answered with 422, which Chromium tells as an error.
            page.on(
                "console",
                lambda told: errors.append(told.text) if told.type == "error" and "422" not in told.text else None,
            )
            page.on("pageerror", lambda error: errors.append(str(error)))
            return page

        yield opened
        browser.close()
    assert errors == []


def test_from_the_trace_to_the_calls_to_the_chain(
    browser_of: Browser, traced: Trace, neighbour: Resident, stranger: Resident
) -> None:
    province = Division.objects.get(kind=Division.Kind.PROVINCE, valid_to=None)
    hanh = browser_of(staff("hanh", "Trần Thị Hạnh", Role.EPIDEMIOLOGIST, province), 1280)
    hanh.goto(f"/traces/{traced.pk}/")
    hanh.get_by_role("link", name="Theo dõi những người tiếp xúc này").click()
    looked_at(hanh, "follow-trace")
    hanh.get_by_role("button", name="Theo dõi những người tiếp xúc này").click()
    looked_at(hanh, "follow-case")
    _calls(browser_of(staff("binh", "Lê Văn Bình", Role.WARD_OFFICER, commune("Phường Hương Vân")), 360), neighbour)
    hanh.goto("/follow-up/cases/")
    looked_at(hanh, "follow-progress")
    hanh.goto("/drills/")
    looked_at(hanh, "follow-drills")
    _walks(hanh, traced, stranger)


def _calls(binh: Any, neighbour: Resident) -> None:
    """A try without an answer, then a talk, then the entry of the day; from the list and back."""
    binh.goto("/follow-up/")
    looked_at(binh, "follow-today")
    binh.get_by_role("button", name="Không trả lời Trần Văn Hòa").focus()
    binh.keyboard.press("Enter")
    binh.get_by_text("Chưa liên lạc được").or_(binh.get_by_text("vẫn ở trong danh sách hôm nay")).first.wait_for()
    assert Event.objects.filter(follow_up=of(neighbour), reason="no_answer").count() == 1
    binh.get_by_role("button", name="Gọi Trần Văn Hòa").click()
    looked_at(binh, "follow-person")
    binh.get_by_role("button", name="Lưu", exact=True).first.click()
    assert binh.get_by_role("alert").first.is_visible(), "what is missing is said at the top"
    binh.get_by_role("radio", name="Cách ly tại nhà").check()
    binh.get_by_label("Kết quả liên lạc").select_option("spoke")
    binh.get_by_role("button", name="Lưu, sang người tiếp theo").first.click()
    binh.get_by_text("Hôm nay không còn ai cần gọi").wait_for()
    binh.get_by_role("link", name="Tất cả đang theo dõi").click()
    binh.get_by_role("link", name="Trần Văn Hòa").first.click()
    binh.get_by_label("Nhiệt độ").fill("38,4")
    binh.get_by_label("Sốt").check()
    binh.get_by_role("button", name="Lưu", exact=True).nth(1).click()
    binh.get_by_text("Đã ghi cho ngày").wait_for()
    entry = DayEntry.objects.get()
    assert (entry.temperature, entry.symptoms) == (384, "fever")
    binh.get_by_role("cell", name="38,4").wait_for()


def _walks(hanh: Any, traced: Trace, stranger: Resident) -> None:
    second = became_case(SYSTEM, of(stranger).pk, ILL)
    far = open_case(SYSTEM, resident_of(commune("Phường Hương Văn"), "Ngô Văn Xa").pk, ILL)
    link_cases(SYSTEM, far.pk, second.pk, CaseLink.Kind.INFECTED_BY)
    hanh.goto("/chains/")
    hanh.locator("[data-drawn='3']").wait_for()
    looked_at(hanh, "follow-chains")
    hanh.get_by_label("Số hoặc mã của ca").fill(str(second.pk))
    hanh.keyboard.press("Enter")
    said = hanh.locator("[data-said]")
    assert f"Ca bệnh {second.pk} " in said.inner_text()
    hanh.keyboard.press("ArrowRight")
    assert f"Ca bệnh {far.pk} " in said.inner_text()
    hanh.keyboard.press("Enter")
    hanh.wait_for_url(f"**/chains/{far.pk}/")
    hanh.locator("[data-drawn='3']").wait_for()
    looked_at(hanh, "follow-chain")
    assert hanh.get_by_role("row").filter(has_text=f"ca {second.pk} (do cán bộ liên kết)").count() == 1
    hanh.get_by_role("link", name="Liên kết ca này với ca khác").click()
    hanh.get_by_role("button", name="Bỏ liên kết").click()
    hanh.get_by_text("Đã bỏ liên kết hai ca.").wait_for()
    assert FollowUp.objects.filter(closed_at=None).count() == 1
