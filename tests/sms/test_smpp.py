"""Messages go to a real SMPP centre over a socket, in parts, and their receipts come back."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from tests.conftest import Setting
from tests.sms.centre import NAME, SECRET, Centre, centre

from ksdb.core.clock import now
from ksdb.core.scope import Scope
from ksdb.sms.actions import send_text
from ksdb.sms.actions.carrying import carry_texts
from ksdb.sms.carriers.carrying import parts_of
from ksdb.sms.models import DayCount, Text

pytestmark = pytest.mark.django_db

PHONE = "0905123456"
VIETNAMESE = "Bạn có thể đã ở gần người nhiễm bệnh ở chợ ngày 22/11. Hãy ở nhà, theo dõi sức khỏe và gọi 19001075."


@pytest.fixture
def smsc(setting: Setting) -> Iterator[Centre]:
    with centre() as made:
        setting(
            sms_carrier="smpp",
            sms_smpp_address=f"127.0.0.1:{made.port}",
            sms_smpp_name=NAME,
            sms_smpp_password=SECRET,
            sms_smpp_tls=0,
        )
        yield made


def due_now() -> None:
    Text.objects.update(next_at=now())


def test_a_short_text_goes_in_one_part_of_the_alphabet_of_gsm(smsc: Centre, system: Scope) -> None:
    number = send_text(system, PHONE, "Ma cua ban la 123456.")
    assert Text.objects.get(pk=number).state == "waiting"
    assert carry_texts(system) == 1
    (part,) = smsc.parts
    assert (part.number, part.sender, part.coding, part.text) == ("84905123456", "KSDB", 0, "Ma cua ban la 123456.")
    assert part.wants_receipt
    assert Text.objects.get(pk=number).state == "delivered"


def test_vietnamese_goes_in_parts_that_belong_together(smsc: Centre, system: Scope) -> None:
    number = send_text(system, PHONE, VIETNAMESE)
    carry_texts(system)
    assert [part.coding for part in smsc.parts] == [8, 8]
    assert {part.body[:5] for part in smsc.parts} == {b"\x05\0\x03" + smsc.parts[0].body[3:4] + b"\x02"}
    assert [part.body[5] for part in smsc.parts] == [1, 2]
    assert "".join(part.text for part in smsc.parts) == VIETNAMESE
    counted = DayCount.objects.get()
    assert (counted.texts, counted.segments, counted.cost, counted.delivered) == (1, 2, 1_600, 1)
    assert Text.objects.get(pk=number).segments == len(parts_of(VIETNAMESE).bodies) == 2


def test_one_binding_carries_many_and_what_ends_first_goes_first(smsc: Centre, system: Scope) -> None:
    send_text(system, PHONE, "later")
    send_text(system, "0905123457", "sooner", timedelta(minutes=10))
    assert carry_texts(system) == 2
    assert [part.text for part in smsc.parts] == ["sooner", "later"]
    assert smsc.binds == 1


def test_a_number_that_is_none_is_not_tried_again(smsc: Centre, system: Scope) -> None:
    smsc.refuses["84905123456"] = 0x0B
    number = send_text(system, PHONE, "a")
    assert carry_texts(system) == 0
    text = Text.objects.get(pk=number)
    assert (text.state, text.failure) == ("failed", "number_refused")
    assert DayCount.objects.get().failed == 1


def test_a_centre_that_is_busy_is_asked_again_later_and_later(smsc: Centre, system: Scope) -> None:
    smsc.refuses["84905123456"] = 0x58
    number = send_text(system, PHONE, "a")
    waits = []
    for _ in range(3):
        due_now()
        carry_texts(system)
        waits.append((Text.objects.get(pk=number).next_at - now()) / timedelta(seconds=1))
    assert waits == [pytest.approx(seconds, abs=5) for seconds in (30, 60, 120)]
    assert Text.objects.get(pk=number).failure == "smpp_0x58"
    smsc.refuses.clear()
    due_now()
    assert carry_texts(system) == 1


def test_an_undelivered_part_fails_the_message(smsc: Centre, system: Scope) -> None:
    smsc.state = "UNDELIV"
    number = send_text(system, PHONE, VIETNAMESE)
    carry_texts(system)
    text = Text.objects.get(pk=number)
    assert (text.state, text.failure) == ("failed", "undeliv")
    assert DayCount.objects.get().failed == 1


def test_a_centre_that_counts_in_hex_when_it_takes(smsc: Centre, system: Scope) -> None:
    smsc.names_in_hex = True
    number = send_text(system, PHONE, "a")
    carry_texts(system)
    assert Text.objects.get(pk=number).state == "delivered"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"sms_smpp_password": "x"}, "sign_in_refused"), ({"sms_smpp_address": "127.0.0.1:1"}, "unreachable")],
)
def test_a_line_that_is_down_leaves_messages_waiting(
    smsc: Centre, system: Scope, setting: Setting, wrong: dict[str, str], code: str
) -> None:
    number = send_text(system, PHONE, "a")
    setting(**wrong)
    assert carry_texts(system) == 0
    text = Text.objects.get(pk=number)
    assert (text.state, text.attempts, text.failure) == ("waiting", 0, code)
    setting(sms_smpp_password=SECRET, sms_smpp_address=f"127.0.0.1:{smsc.port}")
    assert carry_texts(system) == 1


def test_what_is_over_is_not_sent(smsc: Centre, system: Scope) -> None:
    number = send_text(system, PHONE, "Your code", timedelta(minutes=10))
    Text.objects.update(expires_at=now())
    assert carry_texts(system) == 0
    assert Text.objects.get(pk=number).failure == "expired"
    assert smsc.parts == []
