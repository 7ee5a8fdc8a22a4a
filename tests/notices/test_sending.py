"""What waits goes out by whatever ways there are: the urgent first, within the minute's budget, nobody twice."""

import socket
from collections.abc import Collection, Iterator
from datetime import datetime
from time import monotonic

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.conftest import Setting, resident_of
from tests.notices.test_push import SECRET, Service, service

from ksdb.core.clock import ZONE
from ksdb.core.scope import Scope
from ksdb.notices import actions
from ksdb.notices.actions import (
    follow_texts,
    keep_subscription,
    make_notices,
    mark_read,
    send_notices,
)
from ksdb.notices.kinds import Kind
from ksdb.notices.models import Delivery, Notice, Subscription
from ksdb.notices.push import PushServiceUnknown
from ksdb.notices.queries import notices_of, reach_of
from ksdb.notices.reaching import REACHES, Reach
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.registry.sealing import PHONE, sealer
from ksdb.sms.queries import outbox

__all__ = ["service"]
pytestmark = pytest.mark.django_db

OWNER = 7
HOLDER = Scope(None, actor_name="holder:7")


def with_phone(resident: Resident, phone: str) -> Resident:
    resident.phone_sealed = sealer().seal(PHONE, phone)
    resident.save()
    return resident


@pytest.fixture
def demo(setting: Setting) -> None:
    setting(is_demo=1)


@pytest.fixture
def lan_with_phone(lan: Resident) -> Resident:
    return with_phone(lan, "0905111111")


@pytest.fixture
def held(lan: Resident) -> Iterator[None]:
    """The room above knows a phone and a browser of Lan's daughter."""

    def reaches(_: Scope, resident_ids: Collection[int]) -> Reach:
        return Reach(frozenset({"0905222222"}), frozenset({OWNER})) if lan.pk in resident_ids else Reach()

    REACHES.append(reaches)
    yield
    REACHES.remove(reaches)


def exposure(*residents: Resident) -> int:
    facts = {one.pk: {"type": "market", "on": "2026-11-22"} for one in residents}
    return make_notices(HOLDER, Kind.EXPOSURE, "case:1", facts)


def test_every_phone_that_keeps_the_card_is_told_once(
    demo: None, held: None, system: Scope, lan_with_phone: Resident
) -> None:
    assert exposure(lan_with_phone) == 1
    assert send_notices(system) == 1
    texts = outbox(system)
    assert {text.phone for text in texts} == {"0905111111", "0905222222"}
    assert "22/11" in texts[0].body
    assert "Chợ" in texts[0].body
    assert "http" not in texts[0].body
    assert exposure(lan_with_phone) == 0
    assert send_notices(system) == 0
    assert follow_texts(system) == 2
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_whoever_has_no_phone_is_said_to_have_none(demo: None, system: Scope, lan: Resident) -> None:
    exposure(lan)
    assert send_notices(system) == 0
    assert Notice.objects.get().state == "unreachable"


def test_a_child_is_told_by_the_guardians_phone(demo: None, system: Scope, lan_with_phone: Resident) -> None:
    son = resident_of(lan_with_phone.division.parent, "Trần Minh Khôi", 2015)
    son.guardian = lan_with_phone
    son.save()
    assert reach_of(system, son.pk).phones == {"0905111111"}


def test_who_came_from_elsewhere_reads_english(demo: None, system: Scope, lan_with_phone: Resident) -> None:
    lan_with_phone.nationality = "FRA"
    lan_with_phone.save()
    exposure(lan_with_phone)
    send_notices(system)
    assert "Market" in outbox(system)[0].body


def test_the_budget_of_a_minute_goes_to_the_urgent_first(
    demo: None, system: Scope, setting: Setting, commune_a: Division
) -> None:
    people = [with_phone(resident_of(commune_a, f"Lê Thị {n}"), f"090511112{n}") for n in range(4)]
    make_notices(HOLDER, Kind.TEST, "a", {people[0].pk: {}})
    setting(is_demo=1, notices_per_minute=2)
    exposure(*people[1:])
    assert send_notices(system) == 2
    assert send_notices(system) == 0
    assert list(Notice.objects.filter(state="waiting").order_by("id").values_list("kind", flat=True)) == [
        "test",
        "exposure",
    ]
    setting(is_demo=1, notices_per_minute=3)
    assert send_notices(system) == 1
    assert Notice.objects.get(state="waiting").kind == "test"


@pytest.mark.parametrize(("hour", "is_night"), [(6, True), (7, False), (20, False), (21, True), (0, True)])
def test_at_night_only_what_is_urgent_wakes_anybody(hour: int, is_night: bool) -> None:
    assert actions._is_night(datetime(2026, 11, 24, hour, 30, tzinfo=ZONE)) == is_night


def test_without_a_carrier_it_stands_on_the_page_alone(system: Scope, lan_with_phone: Resident) -> None:
    exposure(lan_with_phone)
    send_notices(system)
    assert (Notice.objects.get().state, Delivery.objects.get().failure) == ("unreachable", "no_carrier")
    mine = Scope(None, own=frozenset({lan_with_phone.pk}))
    (told,) = notices_of(mine, [lan_with_phone.pk])
    assert told.is_new
    mark_read(mine, [lan_with_phone.pk])
    assert not notices_of(mine, [lan_with_phone.pk])[0].is_new


def subscribe(origin: str, number: int = 1) -> None:
    browser = ec.generate_private_key(ec.SECP256R1())
    point = browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keep_subscription(HOLDER, OWNER, f"{origin}/push/{number}", (point, SECRET), "vi")


def test_a_push_goes_and_a_browser_that_is_gone_is_forgotten(
    held: None, system: Scope, lan: Resident, service: Service, setting: Setting
) -> None:
    setting(is_demo=1, push_hosts=service.origin)
    subscribe(service.origin)
    subscribe(service.origin)
    exposure(lan)
    send_notices(system)
    assert len(service.taken) == 1
    assert Delivery.objects.get(channel="push").state == "sent"
    service.status = 410
    make_notices(HOLDER, Kind.CARD_LOST, "card:1", {lan.pk: {}})
    send_notices(system)
    assert Delivery.objects.filter(channel="push", failure="gone").count() == 1
    assert not Subscription.objects.exists()


def test_a_push_is_tried_again(held: None, system: Scope, lan: Resident, service: Service, setting: Setting) -> None:
    setting(is_demo=1, push_hosts=service.origin)
    subscribe(service.origin)
    service.status = 503
    exposure(lan)
    send_notices(system)
    way = Delivery.objects.get(channel="push")
    assert (way.state, way.failure, way.attempts) == ("waiting", "http_503", 1)
    send_notices(system)
    assert len(service.taken) == 1
    service.status = 201
    Delivery.objects.update(next_at=way.made_at)
    send_notices(system)
    assert Delivery.objects.get(channel="push").state == "sent"


def test_a_service_that_hangs_is_knocked_at_once_a_run(
    held: None, system: Scope, lan: Resident, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five browsers of a service that answers nothing: the run waits for it once, and the others keep their tries."""
    monkeypatch.setattr("ksdb.notices.push.TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}"
        setting(is_demo=1, push_hosts=origin)
        for n in range(5):
            subscribe(origin, n)
        exposure(lan)
        began = monotonic()
        send_notices(system)
    assert monotonic() - began < 5 * 0.2
    ways = Delivery.objects.filter(channel="push", state="waiting")
    assert sorted(ways.values_list("attempts", flat=True)) == [0, 0, 0, 0, 1]


def test_a_browser_cannot_name_an_address_within_our_walls(db: None) -> None:
    with pytest.raises(PushServiceUnknown):
        subscribe("http://127.0.0.1:5432")
