"""A point with 50,000 visits a day: traced, shown by pages, taken out, and evidence that has an end."""

from datetime import timedelta

from django.db import connection
from django.test import Client
from django.urls import reverse
from tests.tracing.conftest import moment

from ksdb.access.models import StaffAccount
from ksdb.core.scope import system_scope
from ksdb.places.models import ScanPoint
from ksdb.tracing.actions import run_trace
from ksdb.tracing.models import CaseRecord, CoPresence
from ksdb.tracing.queries import trace_page
from ksdb.tracing.queries.evidence import MOST_MEETINGS
from ksdb.tracing.queries.present import Hours, met_at

SYSTEM = system_scope()
PEOPLE = 25_000
PERSON = """
INSERT INTO resident (division_id, full_name, search_key, sort_key, birth_year, registered_at, sex, relation)
SELECT division_id, 'Người Thứ ' || n, search_key, sort_key, birth_year, registered_at, sex, relation
FROM (SELECT * FROM resident ORDER BY id LIMIT 1) AS one, generate_series(1, %s) n RETURNING id
"""
VISIT = "COPY visit (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit) FROM STDIN"


def crowd(point: ScanPoint) -> None:
    """From 6:00 on somebody comes every two seconds, and goes twenty minutes later by an exit: 50,000 visits."""
    stay, step = timedelta(minutes=20), timedelta(seconds=2)
    with connection.cursor() as cursor:
        cursor.execute(PERSON, [PEOPLE])
        people = [resident_id for (resident_id,) in cursor.fetchall()]
        with cursor.copy(VISIT) as copy:
            for n, resident_id in enumerate(people):
                at = moment(6) + n * step
                copy.write_row((point.pk, at, 1, 1_000 + 2 * n, n, resident_id, 1, False))
                copy.write_row((point.pk, at + stay, 1, 1_001 + 2 * n, n, resident_id, 1, True))
        cursor.execute("ANALYZE visit")


def test_a_market_of_fifty_thousand_visits_is_traced_and_read_by_pages(
    client: Client, hanh: StaffAccount, lans_case: CaseRecord, market_a: ScanPoint
) -> None:
    crowd(market_a)
    traced = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    # 8:00 to 8:30 with Lan for 15 minutes or more: who came from 7:55 to 8:15, every two seconds, and two of the cast.
    assert traced.contact_count == 20 * 30 + 1 + 2
    found = trace_page(SYSTEM, traced.pk, number=13)
    assert (len(found.report.rows), found.page.paginator.num_pages) == (3, 13)
    hours = Hours(lans_case.pk, market_a.pk, (moment(0), moment(23)))
    assert len(met_at(SYSTEM, hours)) == PEOPLE + 5
    client.force_login(hanh)
    said = f"{moment(6):on=%Y-%m-%d}&since=00:00&until=23:00"
    page = client.get(f"{reverse('tracing:point', args=[lans_case.pk, market_a.pk])}?{said}&page=400")
    assert (len(page.context["shown"].rows), page.context["page"].paginator.num_pages) == (50, 501)
    contact = traced.contacts.order_by("pk")[0]
    first = contact.co_presences.get()
    CoPresence.objects.bulk_create(
        CoPresence(
            contact=contact,
            point_id=first.point_id,
            started_at=first.started_at + timedelta(days=n),
            ended_at=first.ended_at + timedelta(days=n),
            is_observed=True,
        )
        for n in range(1, MOST_MEETINGS + 5)
    )
    traced.contacts.filter(pk=contact.pk).update(co_presence_count=MOST_MEETINGS + 5)
    page = client.get(reverse("tracing:contact", args=[traced.pk, contact.pk]))
    assert (len(page.context["evidence"]), page.context["more"]) == (MOST_MEETINGS, 5)
