"""The pages and their files, as officers see them."""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.http import FileResponse
from django.test import Client
from django.urls import reverse
from tests.coverage.conftest import START, away, card_of, person

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.config import make_secrets, settings
from ksdb.core.clock import now
from ksdb.core.scope import Scope
from ksdb.coverage import drawing
from ksdb.coverage.actions import rebuild
from ksdb.coverage.models import Run
from ksdb.outreach.reasons import Reason
from ksdb.places import outlines
from ksdb.places.models import Division
from ksdb.web.exporting import rows_sha256

pytestmark = pytest.mark.django_db
Counted = Callable[[], None]
PAGE = "/coverage/"


@pytest.fixture(autouse=True)
def own_var_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("KSDB_VAR_DIR", str(tmp_path))
    settings.cache_clear()
    make_secrets(tmp_path)
    yield tmp_path
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def figures(commune_a: Division, counted: Counted) -> None:
    card_of(person(commune_a), at=START)
    card_of(person(commune_a), at=START + timedelta(days=9))
    person(commune_a)
    away(person(commune_a), Reason.MOVED, date(2026, 10, 1))
    counted()


def shown(client: Client, account: StaffAccount, **asked: object) -> str:
    client.force_login(account)
    client.cookies["django_language"] = "en"
    answer = client.get(PAGE, asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_split_is_told_where_figures_rest_on_it_and_nowhere_else(
    client: Client, hanh: StaffAccount, figures: None
) -> None:
    of_census = shown(client, hanh, era="2021-07-01", by="communes", basis="census")
    assert "Phường Phú Thuận was split in 2021" in of_census
    assert "60.5% → Phường Tây Lộc, 39.5% → Phường Thuận Hòa." in of_census
    town = Division.objects.get(name="Thị xã Hương Trà", valid_from="2021-07-01")
    elsewhere = shown(client, hanh, division=town.pk, basis="statistics")
    assert "and are estimates" in elsewhere
    assert "Phú Thuận" not in elsewhere
    assert "and are estimates" not in shown(client, hanh, era="2021-07-01")


def test_before_anything_is_counted_the_page_says_what_to_do(client: Client, hanh: StaffAccount) -> None:
    assert "ksdb coverage rebuild" in shown(client, hanh)


@pytest.mark.parametrize("era", ["2019-04-01", "2021-07-01", "2025-01-01", "2025-07-01", "tomorrow", ""])
@pytest.mark.parametrize("basis", ["registry", "everyone", "census", "statistics", "decree", "guess"])
def test_every_structure_by_every_denominator(
    client: Client, hanh: StaffAccount, figures: None, era: str, basis: str
) -> None:
    text = shown(client, hanh, era=era, basis=basis, by="communes", sort="share", since="2026-09-01")
    assert "<tfoot" in text


def test_the_page_of_a_commune(client: Client, binh: StaffAccount, figures: None, commune_a: Division) -> None:
    text = shown(client, binh, division=commune_a.pk)
    assert "66.7%" in text
    assert "2 / 3" in text
    assert "Tổ dân phố 1" in text
    assert "<polyline" in text
    assert "coverage-map__paper" not in text


def test_every_commune_of_the_map_is_a_link_with_its_figures(client: Client, hanh: StaffAccount, figures: None) -> None:
    for era, count in (("2021-07-01", 141), ("2025-07-01", 40)):
        text = shown(client, hanh, era=era)
        drawn = text[text.index('class="coverage-map__paper"') : text.index('class="coverage-map__legend"')]
        assert drawn.count("<a href=") == drawn.count("<title>") == count
    assert "coverage-map__paper" not in shown(client, hanh, era="2019-04-01")


def test_the_whole_map_is_small_and_every_outline_is_there() -> None:
    for era, count in ((date(2021, 7, 1), 141), (date(2025, 7, 1), 40)):
        codes = frozenset(outlines.rings(era))
        picture = drawing.picture(era, codes)
        assert picture
        assert len(codes) == count
        assert all(outline.startswith("M") and outline.endswith("z") for outline in picture.outlines.values())
        assert sum(map(len, picture.outlines.values())) < 40_000
    assert drawing.picture(date(2019, 4, 1), codes) is None


@pytest.mark.parametrize(
    ("ratio", "shade"), [(None, 5), (0.0, 0), (0.4999, 0), (0.5, 1), (0.85, 3), (0.95, 4), (1.2, 4)]
)
def test_shades(ratio: float | None, shade: int) -> None:
    assert drawing.shade(ratio) == shade


def test_sorting_puts_the_lowest_share_first(client: Client, hanh: StaffAccount, figures: None) -> None:
    town = Division.objects.get(name="Thị xã Hương Trà", valid_from="2021-07-01")
    text = shown(client, hanh, division=town.pk, sort="share")
    assert text.index(">Phường Hương Vân<") < text.index(">Phường Tứ Hạ<")
    assert 'aria-sort="ascending"' in text
    assert "sort=-share" in text
    turned = shown(client, hanh, division=town.pk, sort="-share")
    assert 'aria-sort="descending"' in turned
    assert turned.index(">Phường Hương Vân<") < turned.index(
        ">Phường Tứ Hạ<"
    )  # who has no share stands last either way
    for column in ("issued", "out"):
        by_column = shown(client, hanh, division=town.pk, sort=column)
        assert by_column.index(">Phường Hương Vân<") < by_column.index(">Phường Tứ Hạ<")
        least_first = shown(client, hanh, division=town.pk, sort=f"-{column}")
        assert least_first.index(">Phường Hương Vân<") > least_first.index(">Phường Tứ Hạ<")
    plain = shown(client, hanh, division=town.pk)
    assert plain.index(">Phường Tứ Hạ<") < plain.index(">Phường Hương Vân<")


def test_late_figures_and_drift_are_told(client: Client, hanh: StaffAccount, system: Scope, figures: None) -> None:
    assert "The counting has stopped" not in shown(client, hanh)
    Run.objects.update(as_of=now() - timedelta(minutes=6), drifted=3)
    text = shown(client, hanh)
    assert "The counting has stopped" in text
    assert "found 3 figures that had drifted" in text


def taken(client: Client, **asked: object) -> list[list[str]]:
    answer = client.post(reverse("coverage:export"), {"kind": "2", **asked})
    assert isinstance(answer, FileResponse)
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[arg-type]
    return list(csv.reader(io.StringIO(text)))


def test_the_files_carry_count_and_hash_and_are_audited(
    client: Client, binh: StaffAccount, figures: None, commune_a: Division
) -> None:
    client.force_login(binh)
    client.cookies["django_language"] = "en"
    _, *rows, check = taken(client, division=commune_a.pk, part="divisions")
    assert [(row[1], row[3], row[4], row[5]) for row in rows] == [("Tổ dân phố 1", "2", "3", "66.7")]
    assert check[1:5] == ["Rows", "1 found = 1 exported", "SHA-256 of the rows", rows_sha256(rows)]
    entry = Entry.objects.get(action="coverage:figures:export")
    assert (entry.actor_id, entry.subject_id, entry.detail["sha256"]) == (binh.pk, commune_a.pk, rows_sha256(rows))
    _, *days, _ = taken(client, division=commune_a.pk, part="days", since="2026-09-20")
    assert [row[3] for row in days[:10]] == ["1"] * 9 + ["2"]
    _, *ages, _ = taken(client, division=commune_a.pk, part="ages")
    assert ages[-1][2:] == ["2", "3", "66.7"]


def test_nobody_takes_out_what_lies_elsewhere(client: Client, minh: StaffAccount, commune_a: Division) -> None:
    client.force_login(minh)
    asked = {"division": commune_a.pk, "part": "divisions", "kind": "2"}
    assert client.post(reverse("coverage:export"), asked).status_code == 404
    assert client.post(reverse("coverage:export"), {"part": "people", "kind": "2"}).status_code == 422
    assert client.get(reverse("coverage:export")).status_code == 405
    assert not Entry.objects.filter(action="coverage:figures:export").exists()


def test_an_empty_commune_says_so(client: Client, minh: StaffAccount, system: Scope, commune_b: Division) -> None:
    rebuild(system)
    client.force_login(minh)
    client.cookies["django_language"] = "en"
    assert "Nobody is registered here yet" in client.get(PAGE, {"division": commune_b.pk}).content.decode()
