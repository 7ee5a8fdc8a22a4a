"""What PostgreSQL does for a trace, on seeded days that have been analysed."""

from datetime import timedelta

import pytest
from django.db import connection
from tests.tracing.conftest import ScanAt, moment

from ksdb.core.clock import now
from ksdb.core.copresence import OverlapRule
from ksdb.places.models import ScanPoint
from ksdb.postgres.named import queries_in, sql
from ksdb.registry.models import Resident
from ksdb.tracing.exposures import case_stays, units

SEED = """
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit)
SELECT %(point)s + n %% 200, %(start)s + n * interval '2 seconds', 1, n, n, 1000000 + n %% 3000, 1, n %% 5 = 0
FROM generate_series(1000, 30000) n
"""


@pytest.fixture
def asked(scan: ScanAt, lan: Resident, market_a: ScanPoint) -> dict[str, object]:
    scan(lan, market_a, moment(8))
    scan(lan, market_a, moment(12))
    with connection.cursor() as cursor:
        cursor.execute(SEED, {"point": market_a.pk, "start": moment(0)})
        cursor.execute("ANALYZE visit")
    stays = case_stays([lan.pk], (moment(0), now()))
    assert len(stays.stays) == 2
    return {**stays.asked(OverlapRule(units(timedelta(minutes=15)))), "since": moment(0), "window": timedelta(hours=1)}


@pytest.mark.parametrize("name", ["exposures", "window_exposures", "unverified", "scans_of"])
def test_no_day_with_visits_is_read_from_end_to_end(asked: dict[str, object], name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + sql("ksdb.tracing", name), asked)
        plan = [line for (line,) in cursor.fetchall()]
    day = f"visit_{moment(0):%Y%m%d}"
    reads = [line for line in plan if f" on {day} " in line]
    assert reads, plan
    assert not [line for line in reads if "Seq Scan" in line]


def test_every_query_is_looked_at() -> None:
    assert set(queries_in("ksdb.tracing")) == {
        "card_holders",
        "case_proof",
        "communes_of_trace",
        "coverage_around",
        "days_lost",
        "exposures",
        "flags_of_contacts",
        "flags_of_meetings",
        "kept_counts",
        "places_of_trace",
        "presence_arrivals",
        "presence_counts",
        "presence_day",
        "presence_days",
        "presence_disputes",
        "presence_state",
        "scans_of",
        "shared_cells",
        "touched_by_arrivals",
        "touched_by_merges",
        "touched_by_visit",
        "unverified",
        "visitors_of_cells",
        "what_is_missing",
        "window_exposures",
    }
