"""What people are told when something fails: each error has a sentence, a code of its own, and a status."""

import importlib
import re
from collections.abc import Iterator

import pytest
from tests.house.code import modules

from ksdb.core.errors import KsdbError

SHARED_CODES = {
    "ksdb.gateway.errors.GatewayError": "the parent of the gateway's errors, never raised itself",
    "ksdb.gateway.errors.Closing": "to a device, a gateway that restarts is a busy one",
}
MODULES_THAT_ACT = {"ksdb.site.wsgi", "ksdb.site.settings"}


def errors(parent: type[KsdbError] = KsdbError) -> Iterator[type[KsdbError]]:
    for child in parent.__subclasses__():
        yield child
        yield from errors(child)


def name_of(error: type[KsdbError]) -> str:
    return f"{error.__module__}.{error.__qualname__}"


def all_errors() -> list[type[KsdbError]]:
    """The errors of every module that names KsdbError or a child of it."""
    for module in modules():
        name = "ksdb." + module.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if "Error" in module.text and name not in MODULES_THAT_ACT:
            importlib.import_module(name)
    return sorted({error for error in errors() if error.__module__.startswith("ksdb.")}, key=name_of)


ERRORS = all_errors()


@pytest.mark.parametrize("error", ERRORS, ids=name_of)
def test_each_error_says_what_happened(error: type[KsdbError]) -> None:
    assert error.__doc__
    assert re.fullmatch(r"[A-Z`].{15,}\.", error.sentence()), error.sentence()
    assert 400 <= error.status <= 599


@pytest.mark.parametrize("error", ERRORS, ids=name_of)
def test_each_error_has_a_code_of_its_own(error: type[KsdbError]) -> None:
    if name_of(error) in SHARED_CODES:
        assert "code" not in vars(error)
        return
    assert re.fullmatch(r"[a-z][a-z0-9_]+", vars(error)["code"])
    twins = [name_of(other) for other in ERRORS if vars(other).get("code") == error.code and other is not error]
    assert twins == []
