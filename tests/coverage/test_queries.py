"""What the pages tell: counts, denominators, reasons, structures of other years, days."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from tests.conftest import commune, scope_for
from tests.coverage.conftest import START, away, card_of, person

from ksdb.access.models import StaffAccount
from ksdb.core.clock import day_of, today
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Scope
from ksdb.core.token import Form
from ksdb.coverage import carrying, ground
from ksdb.coverage.counts import Basis, Share
from ksdb.coverage.queries import Asked, coverage_at, coverage_of, freshness
from ksdb.outreach.reasons import Reason
from ksdb.places.models import Division, PopulationFigure

pytestmark = pytest.mark.django_db
Counted = Callable[[], None]
DISTRICT = "Thị xã Hương Trà"
ERA_2019, ERA_2025 = date(2019, 4, 1), date(2025, 7, 1)


def province(era: date) -> Division:
    return Division.objects.get(kind="province", valid_from=era)


def row_of(report: object, name: str) -> Share:
    return next(row.share for row in report.rows if row.name == name)  # type: ignore[attr-defined]


def test_counts_by_form_and_what_is_issued_only(system: Scope, commune_a: Division, counted: Counted) -> None:
    both, waiting, lost = (person(commune_a) for _ in range(3))
    card_of(both, form=Form.PAPER)
    card_of(both, form=Form.ELECTRONIC)
    card_of(waiting, CardStatus.ISSUED)
    card_of(lost, CardStatus.REVOKED)
    counted()
    counts = coverage_of(system, commune_a.pk).counts
    assert (counts.registered, counts.issued, counts.active) == (3, 2, 1)
    assert (counts.electronic, counts.paper, counts.plastic) == (1, 1, 0)


def test_who_is_away_leaves_both_sides_of_the_share(system: Scope, commune_a: Division, counted: Counted) -> None:
    here, off, unwilling = (person(commune_a) for _ in range(3))
    card_of(here)
    card_of(off)
    away(off, Reason.WORKS_AWAY, date(2026, 10, 1))
    away(unwilling, Reason.REFUSES, date(2026, 10, 1))
    counted()
    report = coverage_of(system, commune_a.pk)
    assert report.share == Share(1, 2)
    assert [(one.reason, one.people, one.active) for one in report.reasons] == [("works_away", 1, 1)]
    everyone = coverage_of(system, commune_a.pk, Asked(Basis.EVERYONE))
    assert everyone.share == Share(2, 3)


def test_the_denominators_are_those_of_their_sources(system: Scope, commune_a: Division, counted: Counted) -> None:
    card_of(person(commune_a))
    counted()
    town = commune_a.parent
    assert town
    census = coverage_of(system, town.pk, Asked(Basis.CENSUS))
    assert row_of(census, "Phường Hương Vân") == Share(1, 6167)
    assert census.share == Share(1, 64827)
    whole = coverage_of(system, province(date(2021, 7, 1)).pk, Asked(Basis.STATISTICS))
    assert whole.share == Share(1, 1153795)
    assert sum(row.share.whole or 0 for row in whole.rows) == pytest.approx(1153795, abs=9)
    assert all(row.is_estimate for row in whole.rows)
    assert [one.name for one in whole.splits] == ["Phường Phú Thuận"]  # the map has its two parts
    elsewhere = coverage_of(system, town.pk, Asked(Basis.STATISTICS))
    assert (elsewhere.is_estimate, elsewhere.splits) == (True, [])
    decree = coverage_of(system, province(ERA_2025).pk, Asked(Basis.DECREE))
    assert decree.share == Share(1, 1432986)
    assert coverage_of(system, commune_a.pk, Asked(Basis.DECREE)).share.whole is None


def test_census_figures_are_carried_over_as_the_source_carried_them() -> None:
    units = ground.units()
    extents = carrying.ground_of(units).extents
    published = PopulationFigure.objects.filter(as_of="2019-04-01", division__kind="commune")
    found = {figure.division_id: round(carrying.people(extents[figure.division_id])) for figure in published}
    assert len(found) > 300
    assert all(abs(found[one.division_id] - one.people) <= 1 for one in published)


def test_a_split_commune_is_carried_by_its_shares(system: Scope, counted: Counted) -> None:
    """People of Tây Lộc (2021) in the structure of 2019: some live in what was Phú Thuận."""
    for _ in range(23):
        card_of(person(commune("Phường Tây Lộc")))
    counted()
    before = coverage_of(system, province(ERA_2019).pk, Asked(by_commune=True))
    split = {row.name: row for row in before.rows if row.counts.registered}
    assert {name: row.share.part for name, row in split.items()} == {"Phường Phú Thuận": 4, "Phường Tây Lộc": 19}
    assert all(row.is_estimate for row in split.values())
    assert before.is_estimate
    (split_in_2021,) = before.splits
    assert (split_in_2021.name, split_in_2021.year) == ("Phường Phú Thuận", 2021)
    assert [name for name, _ in split_in_2021.parts] == ["Phường Tây Lộc", "Phường Thuận Hòa"]
    assert sum(part for _, part in split_in_2021.parts) == pytest.approx(1)
    assert not coverage_of(system, province(date(2021, 7, 1)).pk).is_estimate


def test_a_commune_of_today_shows_the_groups_of_older_ones(
    system: Scope, commune_a: Division, counted: Counted
) -> None:
    card_of(person(commune_a))
    counted()
    today_ = Division.objects.get(name="Phường Hương Trà", valid_from=ERA_2025, kind="commune")
    report = coverage_of(system, today_.pk)
    assert [(row.name, row.share) for row in report.rows] == [("Tổ dân phố 1", Share(1, 1))]
    group = report.rows[0].division
    assert group
    assert coverage_of(system, group.pk).share == Share(1, 1)


def test_whoever_is_in_no_group_has_a_row(system: Scope, commune_a: Division, counted: Counted) -> None:
    in_group, without = person(commune_a), person(commune_a)
    without.division = commune_a
    without.save()
    card_of(in_group)
    counted()
    rows = coverage_of(system, commune_a.pk).rows
    assert [(row.name, row.division is None, row.share) for row in rows] == [
        ("Tổ dân phố 1", False, Share(1, 1)),
        ("Phường Hương Vân", True, Share(0, 1)),
    ]


def test_bands_and_sexes_add_up(system: Scope, commune_a: Division, counted: Counted) -> None:
    child, grandmother = person(commune_a, born=today().year - 5), person(commune_a, born=today().year - 75)
    card_of(grandmother)
    child.sex = ""
    child.save()
    counted()
    bands = coverage_of(system, commune_a.pk).bands
    assert [(band.since, band.until) for band in bands] == [(0, 5), (75, None)]
    assert [band.together for band in bands] == [Share(0, 1), Share(1, 1)]
    assert [band.female for band in bands] == [Share(0, 0), Share(1, 1)]


def test_the_trend_tells_each_day(system: Scope, commune_a: Division, counted: Counted) -> None:
    first, second = person(commune_a), person(commune_a)
    begun = day_of(START)
    card_of(first, CardStatus.REVOKED, since=START + timedelta(days=10))
    card_of(second, at=START + timedelta(days=5))
    counted()
    report = coverage_of(system, commune_a.pk, Asked(since=begun))
    by_day = {level.on: (level.counted, level.issued, level.active) for level in report.trend}
    assert by_day[begun] == (2, 1, 1)
    assert by_day[begun + timedelta(days=5)] == (2, 2, 2)
    assert by_day[begun + timedelta(days=9)] == (2, 2, 2)
    assert by_day[begun + timedelta(days=10)] == (2, 1, 1)
    assert (max(by_day), by_day[today()]) == (today(), (2, 1, 1))
    later = coverage_of(system, commune_a.pk, Asked(since=begun + timedelta(days=7))).trend
    assert (later[0].on, later[0].active) == (begun + timedelta(days=7), 2)


def test_minh_sees_nothing_of_a(binh: StaffAccount, minh: StaffAccount, commune_a: Division, counted: Counted) -> None:
    card_of(person(commune_a))
    counted()
    assert coverage_of(scope_for(binh), commune_a.pk).share == Share(1, 1)
    assert coverage_at(scope_for(binh), date(2021, 7, 1)).of == commune_a
    for hidden in (commune_a.pk, commune_a.parent_id or 0, province(ERA_2025).pk):
        with pytest.raises(NotFound):
            coverage_of(scope_for(minh), hidden)
    assert not coverage_at(scope_for(minh), date(2021, 7, 1)).counts.registered
    with pytest.raises(NotAllowed):
        freshness(Scope(1))
