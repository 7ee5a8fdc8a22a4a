from datetime import date

import pytest
from tests.conftest import commune

from ksdb.core.scope import Scope
from ksdb.places.actions import ensure_group, load_reference
from ksdb.places.models import Division, DivisionContainment, DivisionLink, PopulationFigure
from ksdb.places.queries import divisions_on, eras

pytestmark = pytest.mark.django_db


def contains(outer: Division, inner: Division) -> bool:
    return DivisionContainment.objects.filter(outer=outer, inner=inner).exists()


def test_four_structures_are_loaded_with_their_counts(system: Scope) -> None:
    counts = {
        on: divisions_on(system, on).filter(kind=Division.Kind.COMMUNE).count()
        for on in (date(2019, 6, 1), date(2021, 9, 17), date(2025, 3, 1), date(2026, 1, 1))
    }
    assert list(counts.values()) == [152, 141, 133, 40]
    assert len(eras(system)) == 4


def test_loading_again_changes_nothing(system: Scope) -> None:
    before = Division.objects.count()
    assert load_reference(system) == 0
    assert Division.objects.count() == before


def test_2021_has_three_levels_and_2025_two() -> None:
    kinds = {
        start: set(Division.objects.filter(valid_from=start).values_list("kind", flat=True))
        for start in (date(2021, 7, 1), date(2025, 7, 1))
    }
    assert kinds[date(2021, 7, 1)] == {"province", "district", "commune"}
    assert kinds[date(2025, 7, 1)] == {"province", "commune"}


def test_a_code_is_another_place_in_another_era() -> None:
    names = dict(Division.objects.filter(code="20014").values_list("valid_from", "name"))
    assert names[date(2021, 7, 1)] == "Phường Hương Vinh"
    assert names[date(2025, 7, 1)] == "Phường Hóa Châu"


def test_the_commune_of_2025_holds_what_it_was_made_of_and_nothing_else() -> None:
    huong_tra = commune("Phường Hương Trà", date(2025, 7, 1))
    assert contains(huong_tra, commune("Phường Hương Vân"))
    assert contains(huong_tra, commune("Phường Hương Văn", date(2019, 4, 1)))
    assert not contains(huong_tra, commune("Phường Hương Xuân"))
    assert not contains(commune("Phường Hương Vân"), huong_tra)


def test_the_split_commune_lies_in_no_single_later_commune() -> None:
    phu_thuan = Division.objects.get(name="Phường Phú Thuận", valid_from=date(2019, 4, 1))
    outer = Division.objects.filter(pk__in=DivisionContainment.objects.filter(inner=phu_thuan).values("outer"))
    assert (
        not outer.filter(kind=Division.Kind.COMMUNE)
        .exclude(pk=phu_thuan.pk)
        .filter(valid_from__in=[date(2021, 7, 1), date(2025, 1, 1)])
    )
    assert DivisionLink.objects.filter(old=phu_thuan).count() == 2
    assert contains(commune("Phường Phú Xuân", date(2025, 7, 1)), phu_thuan)


def test_census_of_the_nine_communes_is_what_the_town_counted() -> None:
    town = Division.objects.get(name="Thị xã Hương Trà", valid_from=date(2021, 7, 1))
    figures = PopulationFigure.objects.filter(division__parent=town, as_of="2019-04-01")
    assert sum(figure.people for figure in figures) == 64827


def test_a_group_lies_in_its_commune_and_in_what_the_commune_lies_in(system: Scope) -> None:
    group = ensure_group(system, commune("Phường Hương Vân"), "Tổ dân phố  3")
    assert group.name == "Tổ dân phố 3"
    assert ensure_group(system, commune("Phường Hương Vân"), "TỔ DÂN PHỐ 3") == group
    assert contains(commune("Phường Hương Trà", date(2025, 7, 1)), group)
    assert not contains(commune("Phường Hương Văn"), group)
