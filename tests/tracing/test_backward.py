"""What several cases share against chance, and the statistics of it."""

from datetime import time, timedelta
from itertools import product
from math import isclose, prod

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import residents_of
from tests.tracing.conftest import ScanAt, moment

from ksdb.access.models import StaffAccount
from ksdb.audit.models import Entry
from ksdb.cards.models import Card
from ksdb.core.clock import now, today
from ksdb.core.decision import CardStatus
from ksdb.core.ids import card_number
from ksdb.core.scope import system_scope
from ksdb.core.token import Form
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, open_case
from ksdb.tracing.backward import tail
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.queries.backward import Asked, TooFewCases, shared_by

SYSTEM = system_scope()
FACTS = CaseFacts("covid-19", today(), today(), None)


@given(st.lists(st.floats(0, 1), max_size=7), st.integers(0, 8))
def test_the_tail_is_that_of_all_ways_to_fall(chances: list[float], least: int) -> None:
    ways = product([False, True], repeat=len(chances))
    brute = sum(
        prod(chance if heads else 1 - chance for chance, heads in zip(chances, way, strict=True))
        for way in ways
        if sum(way) >= least
    )
    assert isclose(tail(chances, least), brute, abs_tol=1e-9)


@pytest.fixture
def cluster(scan: ScanAt, market_a: ScanPoint) -> list[CaseRecord]:
    """Three people of the commune of forty were at the market at 9; all forty were there at 14."""
    people = residents_of(market_a.division, [f"Người Thứ {number}" for number in range(40)])
    times = {"status": CardStatus.ACTIVE, "status_since": now(), "issued_at": now(), "expires_at": now()}
    Card.objects.bulk_create(
        Card(index=number, number=card_number(number), resident=one, form=Form.PAPER, **times)
        for number, one in enumerate(people)
    )
    for one in people:
        scan(one, market_a, moment(14))
    for one in people[:3]:
        scan(one, market_a, moment(9))
    return [open_case(SYSTEM, one.pk, FACTS) for one in people[:3]]


def test_a_crowd_is_no_surprise_and_three_alone_are(cluster: list[CaseRecord]) -> None:
    found = shared_by(SYSTEM, Asked([one.pk for one in cluster], hours=1))
    cells = {one.begins_at: one for one in found.cells}
    alone, crowd = cells[moment(9)], cells[moment(14)]
    assert found.cells[0] == alone
    assert (len(alone.cases), alone.visitors, len(crowd.cases), crowd.visitors) == (3, 3, 3, 40)
    assert (alone.expected, crowd.expected) == (pytest.approx(3 * 3 / 40), pytest.approx(3))
    assert alone.probability == pytest.approx(2 * (3 / 40) ** 3)  # two cells were looked at
    assert (alone.is_surprising, crowd.probability, crowd.is_surprising) == (True, pytest.approx(1), False)
    assert (found.cases, found.looked_at) == (3, 2)


def test_a_crowd_of_all_hours_pushes_out_nothing(
    scan: ScanAt, cluster: list[CaseRecord], market_a: ScanPoint, commune_a: Division
) -> None:
    """Twelve cases were day and night where everybody was, in more hours than are shown; four alone at a shop."""
    people = list(Resident.objects.filter(full_name__startswith="Người Thứ").order_by("id"))
    ScanPoint.objects.filter(pk=market_a.pk).update(usual_stay_minutes=1440)
    kinds = {"type_id": "shop", "division": commune_a, "opens_at": time(0), "closes_at": time(23, 59)}
    shop = make_points(SYSTEM, [ScanPoint(name="Quán vắng", usual_stay_minutes=30, **kinds)])[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions(%s, %s)", [today() - timedelta(days=15), today()])
        cursor.execute(
            "INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit)"
            " SELECT %s, %s - day * interval '1 day', 2, who * 100 + day, 1, who, 1, false"
            " FROM unnest(%s::int[]) who, generate_series(1, 10) day",
            [market_a.pk, moment(0, 30), [one.pk for one in people]],
        )
    for one in people[3:7]:
        scan(one, shop, moment(12, 5))
    cases = [*cluster, *(open_case(SYSTEM, one.pk, FACTS) for one in people[3:12])]
    found = shared_by(SYSTEM, Asked([one.pk for one in cases], hours=1))
    assert len([one for one in found.cells if len(one.cases) == 12]) > 190
    assert (found.cells[0].place, len(found.cells[0].cases), len(found.cells)) == ("Quán vắng", 4, 200)


def test_cases_before_the_onset_only_and_of_two_persons(
    scan: ScanAt, cluster: list[CaseRecord], market_a: ScanPoint
) -> None:
    later = [CaseRecord.objects.get(pk=one.pk) for one in cluster]
    CaseRecord.objects.update(onset_on=today() - timedelta(days=5), sampled_on=today() - timedelta(days=5))
    assert shared_by(SYSTEM, Asked([one.pk for one in later])).cells == []
    with pytest.raises(TooFewCases):
        shared_by(SYSTEM, Asked([later[0].pk, 999_999]))


def test_cases_are_chosen_on_a_page(client: Client, hanh: StaffAccount, cluster: list[CaseRecord]) -> None:
    client.force_login(hanh)
    path = reverse("tracing:backward")
    assert client.get(path).status_code == 200
    assert client.get(path, {"case": cluster[0].pk}).status_code == 422
    answer = client.get(path, {"case": [one.pk for one in cluster], "hours": "1", "days": "14"})
    assert [one.place for one in answer.context["shared"].cells] == ["Chợ Hương Vân"] * 2
    assert Entry.objects.filter(actor_id=hanh.pk, detail__list="backward").count() == 3
