"""What PostgreSQL does for each query of tracing, on seeded days that have been analysed."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import connection
from tests.tracing.conftest import moment

from ksdb.core.clock import now, today
from ksdb.core.copresence import OverlapRule
from ksdb.core.decision import CardStatus
from ksdb.core.scope import system_scope
from ksdb.core.stay import LONGEST_STAY
from ksdb.places.models import ScanPoint
from ksdb.postgres.named import queries_in, sql
from ksdb.tracing.actions import run_trace
from ksdb.tracing.exposures import case_stays, units
from ksdb.tracing.models import CaseRecord
from ksdb.tracing.presence.reading import NEVER

SEED = """
INSERT INTO visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit)
SELECT %(point)s + n %% 200, %(start)s + n * interval '2 seconds', 1, n, n, 1000000 + n %% 3000, 1, n %% 5 = 0
FROM generate_series(1000, 30000) n
"""
READS_ALL: Final = {"presence_day", "presence_counts"}
"""These say of themselves that they read a day, or the log, from end to end."""
KEPT: Final = ("exposures", "window_exposures", "unverified", "scans_of", "presence_newest")
MINUTES = timedelta(minutes=30)


@pytest.fixture
def asked(lans_case: CaseRecord, market_a: ScanPoint) -> Mapping[str, Mapping[str, Any]]:
    """Each query of the room, and what it is asked here."""
    trace = run_trace(system_scope(), lans_case.pk, "overlap-15")
    with connection.cursor() as cursor:
        cursor.execute(SEED, {"point": market_a.pk, "start": moment(0)})
        cursor.execute("ANALYZE visit, foreign_scan")
    lan, contacts = lans_case.resident_id, list(trace.contacts.values_list("pk", flat=True))
    rule = OverlapRule(units(timedelta(minutes=15)))
    stays = case_stays([lan], (moment(0), now()))
    stay_ = {**stays.asked(rule), "since": moment(0)}
    of_trace, none = {"trace": trace.pk}, dict[str, Any]()
    communes = {"communes": [market_a.division_id], "active": int(CardStatus.ACTIVE)}
    soon = {"since": now() + timedelta(hours=1), "until": now() + timedelta(hours=2)}
    first, last = moment(0), moment(0) + timedelta(days=1)
    span = {"seconds": 7200, "first": first, "last": last}
    given = {"records": [lan, lan + 1], "cases": [1, 2], "since": [first] * 2, "until": [last] * 2}
    until, soon_floor = {"until": 1 << 20}, {"floor": soon["since"]}
    return {
        "card_holders": communes,
        "case_proof": {"case": lans_case.pk},
        "communes_of_trace": of_trace,
        "coverage_around": {"points": [market_a.pk], "case": lan, "active": int(CardStatus.ACTIVE)},
        "days_lost": {"first": today(), "last": today()},
        "exposures": stay_,
        "flags_of_contacts": {"contacts": contacts, "longest": LONGEST_STAY},
        "flags_of_meetings": {"contact": contacts[0], "longest": LONGEST_STAY},
        "kept_counts": none,
        "longest_of_contacts": of_trace,
        "merged_records": none,
        "places_of_trace": of_trace,
        "presence_arrivals": {**soon_floor, "first": 1, **until},
        "presence_counts": until,
        "presence_day": {"since": first, "before": last, **until},
        "presence_has_matched": {**soon_floor, "ever": NEVER},
        "presence_matched": {**soon_floor, "first": 1, **until},
        "presence_newest": {**soon_floor, "first": 1, "ever": NEVER, "most": 10},
        "presence_usual": none,
        "presence_state": none,
        "scans_of": {"residents": [lan], "since": first},
        "shared_cells": {**given, **span},
        "touched_by_arrivals": {**soon, "reach": LONGEST_STAY, "window": MINUTES},
        "touched_by_merges": none,
        "touched_by_retiming": {"point": market_a.pk, "residents": [lan], **soon, "reach": LONGEST_STAY},
        "touched_by_visit": {"at": moment(8), "resident": lan, "reach": LONGEST_STAY},
        "unverified": stay_,
        "visitors_of_cells": {"points": [market_a.pk], "begins": [moment(8)], **span},
        "what_is_missing": {**of_trace, "since": first, "until": last},
        "window_exposures": {**stay_, "window": [MINUTES] * len(stays.stays)},
    }


def test_no_query_reads_a_day_with_visits_from_end_to_end(asked: Mapping[str, Mapping[str, Any]]) -> None:
    assert set(asked) == set(queries_in("ksdb.tracing"))
    read = {name: _reads(name, given) for name, given in asked.items()}
    whole = {name for name, lines in read.items() if any("Seq Scan" in line for line in lines)}
    assert whole == READS_ALL, [read[name] for name in whole ^ READS_ALL]
    by_point_and_person = {
        "exposures",
        "window_exposures",
        "unverified",
        "scans_of",
        "shared_cells",
        "flags_of_contacts",
    }
    assert all(read[name] for name in by_point_and_person)


def test_a_plan_that_is_kept_reads_no_day_from_end_to_end_either(asked: Mapping[str, Mapping[str, Any]]) -> None:
    """It is made for no value in particular, so that PostgreSQL has to guess how many rows are meant."""
    plans = {name: _kept(name, asked[name]) for name in KEPT}
    assert all(plans.values())
    assert {name: lines for name, lines in plans.items() if any("Seq Scan" in line for line in lines)} == {}


def _kept(name: str, given: Mapping[str, Any]) -> list[str]:
    """The lines that read the day with visits, of the plan for any parameters."""
    numbers = {parameter: number for number, parameter in enumerate(given, start=1)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(["pg_typeof(%s)::text"] * len(given)), list(given.values()))
        types = dict(zip(given, cursor.fetchone(), strict=True))
        text = re.sub(r"%\((\w+)\)s", lambda m: f"(${numbers[m[1]]}::{types[m[1]]})", sql("ksdb.tracing", name))
        cursor.execute("EXPLAIN (GENERIC_PLAN, COSTS OFF) " + text)
        return [line for (line,) in cursor.fetchall() if f" on visit_{moment(0):%Y%m%d} " in line]


def _reads(name: str, given: Mapping[str, Any]) -> list[str]:
    """The lines of the plan that read the day with visits; of COPY the query in it."""
    text = sql("ksdb.tracing", name)
    text = text.replace("COPY (", "", 1).replace(") TO STDOUT (FORMAT binary)", "", 1) if "COPY (" in text else text
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) " + text, given)
        plan = [line for (line,) in cursor.fetchall() if "never executed" not in line]
    return [line for line in plan if f" on visit_{moment(0):%Y%m%d} " in line]
