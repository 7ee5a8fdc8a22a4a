"""The second factor is switched off in the demo town alone."""

from dataclasses import replace

import pytest

from ksdb.config import Settings, environment_of, read_settings


@pytest.mark.parametrize(
    ("is_demo", "second_factor", "is_asked"),
    [(False, True, True), (False, False, True), (True, True, True), (True, False, False)],
)
def test_only_the_demo_may_do_without(
    is_demo: bool, second_factor: bool, is_asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = replace(Settings(), is_demo=is_demo, second_factor=second_factor)
    for name, value in environment_of(ours).items():
        monkeypatch.setenv(name, value)
    assert read_settings().asks_second_factor == is_asked
