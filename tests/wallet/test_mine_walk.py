"""Lan's pages in a real Chromium: her visits, who reads them, what she says against it, and what she is told.

No push service can be reached from here. So the browser's `subscribe` names a service of ours, which takes what was
pushed; Chromium hands that to the worker as it would, and the worker's notice is touched by an event.

KSDB_SHOTS names a folder to leave pictures in.
"""

import json
import shutil
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connections
from django.test import Client
from tests.conftest import Setting, StaffAccount
from tests.looking import looked_at, walked_by_keys
from tests.notices.test_push import SECRET, Service, service
from tests.tracing.conftest import ScanAt, moment, neighbour, profiles, scan
from tests.wallet.conftest import keeps, phone_of

from ksdb.core.clock import today
from ksdb.core.scope import system_scope
from ksdb.notices.actions import send_notices
from ksdb.notices.models import Subscription
from ksdb.places.models import ScanPoint
from ksdb.registry.models import Resident
from ksdb.registry.sealing import PHONE, sealer
from ksdb.tracing.actions import CaseFacts, open_case, run_trace
from ksdb.wallet.session import cookie_name

__all__ = ["neighbour", "profiles", "scan", "service"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.fixture
def browser(setting: Setting, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Opens browsers of different people, signed in by a cookie; faults of the policy are failures."""
    setting(is_demo=1)
    playwright = pytest.importorskip("playwright.sync_api")
    if not (chromium := shutil.which("chromium")):
        pytest.skip("no chromium on this machine")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # Playwright's loop runs in this thread; nobody awaits in it
    errors: list[str] = []
    with playwright.sync_playwright() as p:
        program = p.chromium.launch(executable_path=chromium, args=FLAGS)

        def opened(name: str, value: str, width: int = 360) -> Any:
            context = program.new_context(
                base_url=live_server.url, locale="vi-VN", viewport={"width": width, "height": 740}
            )
            context.add_cookies([{"name": name, "value": value, "url": live_server.url}])
            context.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
            return context.new_page()

        yield opened
        connections.close_all()  # inside of Playwright's loop Django opens connections of its own
    assert errors == []


@pytest.fixture
def met(scan: ScanAt, lan: Resident, neighbour: Resident, son: Resident, market_a: ScanPoint) -> Resident:
    """The neighbour, who is ill, was at the market with Lan; in the evening only her son was there."""
    lan.phone_sealed = sealer().seal(PHONE, "0905123456")
    lan.save()
    for person, start, end in ((lan, 8, 9), (neighbour, 8, 9), (son, 17, 18)):
        scan(person, market_a, moment(start))
        scan(person, market_a, moment(end), is_exit=True)
    return neighbour


@pytest.fixture
def listed(service: Service, setting: Setting) -> Service:
    """A push service that notices may go to."""
    setting(push_hosts=service.origin)
    return service


SUBSCRIBED = """
const made = %s;
const kept = () => sessionStorage.getItem("kept") ? {...made, toJSON: () => made, unsubscribe: left} : null;
const left = async () => { sessionStorage.removeItem("kept"); return true };
PushManager.prototype.getSubscription = async () => kept();
PushManager.prototype.subscribe = async ({userVisibleOnly, applicationServerKey}) => {
  if (!userVisibleOnly || applicationServerKey.length !== 65) throw new TypeError("no key");
  sessionStorage.setItem("kept", "1");
  return kept();
};
"""
SHOWN = """async () => {
  const worker = await navigator.serviceWorker.getRegistration("/my/notices/");
  const shown = await worker.getNotifications();
  return shown.map(({title, body, tag}) => [title, body, tag]);
}"""
TOUCHED = """async () => {
  let opened = null;
  self.clients.openWindow = async url => { opened = url };
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent("notificationclick", {notification}));
  return [opened, (await self.registration.getNotifications()).length];
}"""


def takes_pushes(phone: Any, service: Service) -> ec.EllipticCurvePrivateKey:
    """Her browser shows notices from now on; the key by which it opens them."""
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(point).decode(), "auth": urlsafe_b64encode(SECRET).decode()}
    phone.add_init_script(SUBSCRIBED % json.dumps({"endpoint": f"{service.origin}/push/1", "keys": keys}))
    phone.context.grant_permissions(["notifications"])
    phone.goto("/my/notices/")
    looked_at(phone, "notices-none")
    walked_by_keys(phone, "notices-none")
    phone.get_by_role("button", name="Hiện thông báo trên điện thoại này").click()
    phone.get_by_text("Từ nay thông báo sẽ hiện").wait_for()
    return key


def lights_up(phone: Any, service: Service, key: ec.EllipticCurvePrivateKey) -> None:
    """What was pushed comes to the worker with the page closed; it tells nobody who looks at the screen anything."""
    ((_, sealed),) = service.taken
    said = http_ece.decrypt(sealed, private_key=key, auth_secret=SECRET, version="aes128gcm").decode()
    phone.goto("/my/notices/")
    chromium, known = phone.context.new_cdp_session(phone), list[Any]()
    chromium.on("ServiceWorker.workerRegistrationUpdated", lambda told: known.extend(told["registrations"]))
    chromium.send("ServiceWorker.enable")
    while not known:
        phone.wait_for_timeout(20)
    (one,) = known
    to = {"origin": one["scopeURL"].removesuffix("/my/notices/"), "registrationId": one["registrationId"]}
    chromium.send("ServiceWorker.deliverPushMessage", {**to, "data": said})
    while not (shown := phone.evaluate(SHOWN)):
        phone.wait_for_timeout(20)
    assert shown == [["Bạn có thông báo mới", "Mở trang thẻ để đọc.", "ksdb"]]
    (worker,) = phone.context.service_workers
    assert worker.evaluate(TOUCHED) == ["/my/notices/", 0]
    phone.get_by_role("button", name="Không hiện trên điện thoại này nữa").click()
    phone.get_by_text("Điện thoại này không hiện thông báo nữa").wait_for()
    assert Subscription.objects.count() == 0


def staff_session(account: StaffAccount) -> str:
    client = Client()
    client.force_login(account)
    return client.cookies["sessionid"].value


def test_visits_readers_disputes_health_and_a_notice(
    browser: Callable[..., Any], met: Resident, lan: Resident, hanh: StaffAccount, listed: Service
) -> None:
    client = phone_of()
    keeps(client, lan)
    phone = browser(cookie_name(), client.cookies[cookie_name()].value)
    office = browser("sessionid", staff_session(hanh), 1280)
    facts = CaseFacts("covid-19", today(), today(), None)
    case = open_case(system_scope(), met.pk, facts)
    trace = run_trace(system_scope(), case.pk, "overlap-15")

    key = takes_pushes(phone, listed)
    phone.goto("/my/visits/")
    phone.get_by_text("Chợ Hương Vân").first.wait_for()
    looked_at(phone, "visits")
    walked_by_keys(phone, "visits")
    phone.goto("/my/data/readers/")
    phone.get_by_text("Chưa ai xem").wait_for()

    office.goto(f"/traces/{trace.pk}/")
    office.get_by_role("link", name="Nguyễn Thị Lan").wait_for()
    phone.reload()
    phone.get_by_text("Truy vết ca bệnh").first.wait_for()
    assert hanh.full_name not in phone.content()

    office.get_by_role("button", name="Báo cho người tiếp xúc").click()
    looked_at(office, "tell")
    office.get_by_role("button", name="Báo cho 1 người").click()
    office.get_by_text("Đang báo cho 1 người").wait_for()
    assert send_notices(system_scope()) == 1
    office.goto("/outbox/")
    office.get_by_text("Chợ").first.wait_for()
    phone.goto("/my/notices/")
    phone.get_by_role("heading", name="Việc cần làm ngay").wait_for()
    looked_at(phone, "notices")
    lights_up(phone, listed, key)

    disputed(phone, office)
    declared(phone)
    corrected(phone, office)


def disputed(phone: Any, office: Any) -> None:
    """Lan was not there, an officer decides, and she reads the answer."""
    phone.goto("/my/visits/")
    phone.get_by_role("button", name="Tôi không có ở đó").last.click()
    phone.locator("input[value=not_there]").check()
    looked_at(phone, "dispute")
    walked_by_keys(phone, "dispute")
    phone.get_by_role("button", name="Gửi phường, xã").click()
    phone.get_by_text("Bạn báo: không phải tôi").wait_for()
    office.goto("/disputes/")
    office.locator("tbody a").first.click()
    office.get_by_role("radio").first.check()
    office.get_by_role("textbox").last.fill("Thẻ đã cho mượn")
    office.get_by_role("main").get_by_role("button").first.click()
    phone.reload()
    phone.get_by_text("Không tính nữa").wait_for()
    looked_at(phone, "visits-answered")


def declared(phone: Any) -> None:
    """How she is today, and the mark."""
    phone.goto("/my/health/")
    looked_at(phone, "health-form")
    walked_by_keys(phone, "health-form")
    for question in phone.get_by_role("radio", name="Không").all():
        question.check()
    phone.get_by_role("checkbox").last.check()
    phone.get_by_role("button", name="Khai báo").click()
    phone.get_by_text("Đã khai báo hôm nay").wait_for()
    looked_at(phone, "health")


def corrected(phone: Any, office: Any) -> None:
    """Something is wrong in her record; the ward has it on its list."""
    phone.goto("/my/data/correct/")
    phone.get_by_label("Ngày hoặc năm sinh").check()
    phone.get_by_role("textbox").fill("Tôi sinh năm 1957")
    looked_at(phone, "correct")
    walked_by_keys(phone, "correct")
    phone.get_by_role("button", name="Gửi phường, xã").click()
    phone.get_by_text("Tôi sinh năm 1957").wait_for()
    looked_at(phone, "data")
    walked_by_keys(phone, "data")
    phone.get_by_role("button", name="Chữ to").click()
    phone.get_by_role("button", name="Màu đậm").click()
    looked_at(phone, "data-large")
    phone.goto("/my/notices/")
    looked_at(phone, "notices-large")
    phone.goto("/my/data/sheet/")
    looked_at(phone, "sheet")
    office.goto("/requests/")
    looked_at(office, "requests")
    office.goto("/messages/")
    looked_at(office, "messages")
