"""Codes to phones: what is refused costs nobody else anything, and nothing is refused for longer than it says."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.contrib.sessions.backends.db import SessionStore
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import DjangoCaptureOnCommitCallbacks
from tests.conftest import Setting

from ksdb.access.limits import TooManyAttempts
from ksdb.core import clock
from ksdb.core.scope import Scope
from ksdb.sms.actions import TooManyNumbers, send_code, send_text
from ksdb.sms.models import Tally, Text

pytestmark = pytest.mark.django_db


def asked(phone: str, address: str, session: SessionStore | None = None) -> bool:
    """Whether a code went out, from a browser of its own unless it is given."""
    try:
        send_code(Scope(None, address=address), session or SessionStore(), phone)
    except (TooManyAttempts, TooManyNumbers):
        return False
    return True


def test_what_is_refused_takes_nothing_from_all(setting: Setting) -> None:
    """Fifty times for one number from as many addresses: three codes, and the province's hour has the rest left."""
    setting(is_demo=1, sms_an_hour=6)
    assert [asked("0905123456", f"198.51.{n}.1") for n in range(50)].count(True) == 3
    assert [asked(f"091200000{n}", f"203.0.{n}.1") for n in range(4)] == [True, True, True, False]
    setting(is_demo=1, sms_an_hour=100)  # that refusal was not the number's: it still has all three
    assert [asked("0912000003", f"203.1.{n}.1") for n in range(4)] == [True, True, True, False]
    assert Tally.objects.get(kind="of_all").count == 1


def test_a_hall_behind_one_address_is_a_setting(setting: Setting) -> None:
    setting(is_demo=1, sms_an_address=2)
    assert [asked(f"091200000{n}", "203.0.113.5") for n in range(3)] == [True, True, False]


def test_an_hour_later_a_browser_may_name_other_numbers(setting: Setting) -> None:
    setting(is_demo=1)
    session = SessionStore()
    assert [asked(f"091300000{n}", "192.0.2.1", session) for n in range(4)] == [True, True, True, False]
    later = clock.now() + timedelta(minutes=61)
    with patch("ksdb.sms.actions.now", lambda: later):
        assert asked("0913000009", "192.0.2.1", session)


def test_one_job_carries_all_codes_that_wait(
    setting: Setting, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    setting(sms_carrier="http")
    for n in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            send_text(Scope(None), f"091300000{n}", "Mã của bạn là 123456.")
    assert Text.objects.filter(state="waiting").count() == 3
    assert ProcrastinateJob.objects.filter(task_name="ksdb.sms.jobs.carry", status="todo").count() == 1
