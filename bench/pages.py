"""Pages asked for through all of Django in this process, by an officer who is made for it."""

import statistics
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

PASSWORD = "một mật khẩu đủ dài 2021"  # noqa: S105 - of an account in a database of invented people


def officer(name: str, division_id: int) -> Any:
    """A client signed in as a ward officer of that division."""
    from django.conf import settings
    from django.test import Client

    from ksdb.access.actions import give_grant, make_account
    from ksdb.access.models import StaffAccount
    from ksdb.core.clock import today
    from ksdb.core.scope import Role, system_scope

    settings.ALLOWED_HOSTS = ["testserver"]
    account = StaffAccount.objects.filter(username=f"bench-{name}").first()
    if account is None:
        account = make_account(system_scope(), f"bench-{name}", "Trần Thị Hạnh", PASSWORD, unit=name)
        give_grant(system_scope(), account, Role.WARD_OFFICER, division_id, today() - timedelta(days=1))
    client = Client()
    client.force_login(account)
    return client


def sent(ask: Callable[[], Any]) -> float:
    """Milliseconds to an answer that is a page."""
    started = time.perf_counter()
    answer = ask()
    took = (time.perf_counter() - started) * 1000
    assert answer.status_code == 200, answer
    return took


def p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
