"""Two communes with one of everything in each; keys, imports and prints in a folder of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import Template
from django.test.utils import _TestState
from tests.attacks.world import Words, World, world_of
from tests.gateway.conftest import door, town, town_url

from ksdb.cards.actions import make_issuer_key
from ksdb.config import make_secrets, settings
from ksdb.core.scope import system_scope
from ksdb.places.models import Division
from ksdb.tracing.actions import load_profiles

__all__ = ["door", "town", "town_url"]  # fixtures of the gateway's tests, used here too

WORDS_OF_B = Words(
    person="Hồ Thị Sen",
    neighbour="Phạm Văn Đước",
    address="5 Bùi Thị Xuân",
    book_number="SHK-11",
    relation="Con nuôi",
    id_number="046188000033",
    phone="0905333444",
    file_name="danh-sach-b.xlsx",
    point="Chợ Hương Văn B",
    place="Nhà tạm lánh Hương Văn",
    officer="Mai Thị Chín",
    reason="theo đề nghị số 9900",
)


@pytest.fixture(autouse=True)
def unwatched_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Django keeps what each template was given, for `response.context`; of these thousands of pages nobody asks."""
    monkeypatch.setattr(Template, "_render", _TestState.saved_data.template_render)


@pytest.fixture
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def keys(own_var_dir: Path, db: None) -> None:
    load_profiles(system_scope())
    make_issuer_key(system_scope())


@pytest.fixture
def world_a(keys: None, commune_a: Division) -> World:
    return world_of(commune_a, Words())


@pytest.fixture
def world_b(keys: None, commune_b: Division) -> World:
    return world_of(commune_b, WORDS_OF_B)
