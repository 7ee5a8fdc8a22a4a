"""The queries of the work at the doors find an index for each table that grows with the province."""

import pytest
from django.db import connection
from tests.outreach.conftest import Street

from ksdb.core.clock import today
from ksdb.outreach.queries import ROOM, _card_words
from ksdb.outreach.reasons import OUT_OF_COUNT
from ksdb.postgres.named import sql

GROWING = ("resident", "household", "card", "missing_reason", "door_note")


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("persons_of_group", {"resident", "card", "missing_reason"}),
        ("households_of_group", {"household", "resident", "door_note"}),
        ("counts_of_groups", {"resident", "card", "missing_reason", "door_note"}),
        ("progress_of_helpers", {"door_note"}),
    ],
)
def test_no_table_that_grows_is_read_from_end_to_end(street: Street, name: str, reads: set[str]) -> None:
    """On a table of some rows a scan is cheapest whatever indexes there are, so scans are ruled out first."""
    day = {"on": today(), "since": today(), "out": sorted(OUT_OF_COUNT)}
    asked = {"group": street.group.pk, "groups": [street.group.pk], "resident": None, **day, **_card_words()}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN (COSTS OFF) " + sql(ROOM, name), asked)
        plan = [line for (line,) in cursor.fetchall()]
    scans = [(line, table) for line in plan for table in GROWING if f" on {table} " in f"{line} "]
    assert reads <= {table for _, table in scans}, plan
    assert not [line for line, _ in scans if "Seq Scan" in line]
