"""Settings of a carrier for one test."""

from collections.abc import Callable, Iterator

import pytest

from ksdb.config import settings

Setting = Callable[..., None]


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Setting]:
    """`setting(sms_carrier="smpp")`: the settings of the process are these, until the test ends."""

    def given(**values: object) -> None:
        for name, value in values.items():
            monkeypatch.setenv(f"KSDB_{name.upper()}", str(value))
        settings.cache_clear()

    yield given
    monkeypatch.undo()
    settings.cache_clear()
