"""The pages' queries of the reporting schema are index scans: they are asked for every division of a page."""

from datetime import date

import pytest
from django.db import connection

from ksdb.coverage.ground import ROOM
from ksdb.places.models import Division
from ksdb.postgres.named import sql

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "table"),
    [("tallies", "coverage_tally"), ("days_since", "coverage_day"), ("first_active_day", "coverage_day")],
)
def test_figures_are_read_by_division(commune_a: Division, name: str, table: str) -> None:
    asked = {"divisions": [commune_a.pk], "shares": [1.0], "since": date(2026, 1, 1)}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN (COSTS OFF) " + sql(ROOM, name), asked)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f" on {table}" in plan
    assert "Seq Scan" not in plan
