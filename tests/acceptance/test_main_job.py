"""The main job once through on one commune: import, cards, a sheet, scans through the gateway, a traced case."""

import json
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import httpx
import pypdfium2
import pytest
import zxingcpp
from django.db import connection
from psycopg.conninfo import make_conninfo
from rich.console import Console

from ksdb.audit.models import Entry, Link
from ksdb.cards.actions import token_sha256
from ksdb.cards.actions.replacing import replace_card
from ksdb.cards.keys import pinned_root
from ksdb.cards.life import Reason
from ksdb.cards.models import Card, Signature
from ksdb.cli.demo import Demo, play
from ksdb.cli.up import running
from ksdb.config import Settings, settings
from ksdb.core.clock import now
from ksdb.core.copresence import OverlapRule, copresences
from ksdb.core.decision import CardStatus, ScanResult
from ksdb.core.scope import system_scope
from ksdb.core.status_list import Listed, StatusList, check_delta, check_status_list
from ksdb.core.stay import LONGEST_STAY, Scan, Stay, stays_of
from ksdb.core.trust_list import TrustList, check_list
from ksdb.coverage.actions import refresh
from ksdb.coverage.queries import coverage_of
from ksdb.places.models import ScanPoint
from ksdb.postgres.roles import GATEWAY, SITE, as_role, give_rights
from ksdb.registry.models import Import, Resident
from ksdb.simulation.queries import division_named
from ksdb.simulation.sources import communes
from ksdb.simulation.town import DISTRICT, Town, town
from ksdb.tracing.models import Contact, CoPresence, Trace
from ksdb.visits.actions import enrol_device, keep_partitions
from ksdb.visits.models import Refusal, Visit

pytestmark = [pytest.mark.acceptance, pytest.mark.django_db(transaction=True)]

COMMUNE = "Phường Hương Vân"
MINUTE = 60_000_000


@pytest.fixture
def doors(clean_registry: None) -> Iterator[Settings]:
    """Both doors and the worker as processes on the test database, each in its own role."""
    url = make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])
    assert give_rights(url) == []
    ours = replace(
        settings(),
        database_url=url,
        site_database_url=as_role(url, SITE),
        gateway_database_url=as_role(url, GATEWAY),
        site_address=f"127.0.0.1:{_free_port()}",
        gateway_address=f"127.0.0.1:{_free_port()}",
        is_demo=True,
        second_factor=False,
    )
    keep_partitions(system_scope())
    with running(ours):
        yield ours
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE visit, refusal, device_intake")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_from_a_wards_list_to_the_contacts_of_a_case(doors: Settings, tmp_path: Path) -> None:
    made = town([commune for commune in communes() if commune.name == COMMUNE], points=40)
    url = f"http://{doors.gateway_address}/v1/scans"
    demo = Demo(made, tmp_path, Console(quiet=True), system_scope(), url, days=7)
    trace = Trace.objects.get(pk=play(demo))

    everybody_was_imported(made)
    coverage_is_counted_from_cards(made)
    sheet_decodes_to_the_ledger(tmp_path)
    every_scan_is_there_once(tmp_path)
    contacts_are_those_of_the_reference(trace)
    pages_show_the_same(doors, tmp_path, trace)
    scanners_hear_of_a_lost_card(doors)
    doors_came_in_their_own_roles()
    pages_chained_what_they_wrote()


def everybody_was_imported(made: Town) -> None:
    source = Import.objects.get()
    assert (source.imported_count, source.rejected_count) == (len(made.people), 0)
    assert Resident.objects.count() == 6167


def coverage_is_counted_from_cards(made: Town) -> None:
    refresh(system_scope())
    report = coverage_of(system_scope(), division_named(system_scope(), COMMUNE).pk)
    holders = Card.objects.filter(status=CardStatus.ACTIVE).values("resident_id").distinct().count()
    assert report.counts.registered == len(made.people)
    assert (report.share.part, report.share.whole) == (holders, len(made.people))
    assert 0.96 < holders / len(made.people) < 0.98


def sheet_decodes_to_the_ledger(folder: Path) -> None:
    path = json.loads((folder / "sheet.json").read_text())
    with pypdfium2.PdfDocument(path) as pdf:
        codes = [c for page in pdf for c in zxingcpp.read_barcodes(page.render(scale=200 / 72).to_pil())]
    hashes = {bytes(sha256) for sha256 in Signature.objects.values_list("token_sha256", flat=True)}
    assert len(codes) == 8
    assert all(token_sha256(code.text) in hashes for code in codes)


def every_scan_is_there_once(folder: Path) -> None:
    sent = json.loads((folder / "visits.json").read_text())
    visits, refusals = Visit.objects.count(), Refusal.objects.count()
    assert sent["stored"]["new"] == visits + refusals
    assert sent["stored"]["before"] > 0
    assert sent["results"]["accepted"] == Visit.objects.filter(result=ScanResult.ACCEPTED).count()
    reasons = set(Refusal.objects.values_list("reason", flat=True))
    assert {ScanResult.BAD_SIGNATURE, ScanResult.UNKNOWN_KEY, ScanResult.UNREADABLE} <= reasons


def contacts_are_those_of_the_reference(trace: Trace) -> None:
    """The stored contacts are exactly what the plain definition finds by brute force."""
    stays = _stays_of_everybody()
    period = (_us(trace.infectious_from), _us(trace.infectious_until))
    rule = OverlapRule(trace.rule_set.least_minutes * MINUTE, trace.rule_set.linger_minutes * MINUTE)
    case = trace.case.resident_id
    found = {
        (resident, met.point, met.started, met.ended)
        for resident, own in stays.items()
        if resident != case
        for met in copresences(stays[case], own, period, rule)
    }
    contacts = dict(Contact.objects.filter(trace=trace).values_list("pk", "resident_id"))
    rows = CoPresence.objects.filter(contact__trace=trace)
    stored = {(contacts[r.contact_id], r.point_id, _us(r.started_at), _us(r.ended_at)) for r in rows}
    assert stored == found
    assert len(contacts) > 5


def _stays_of_everybody() -> dict[int, list[Stay]]:
    scans: dict[int, list[Scan]] = {}
    visits = Visit.objects.exclude(resident_id=None).order_by("resident_id", "scanned_at", "sequence", "device_id")
    for visit in visits:
        scans.setdefault(visit.resident_id or 0, []).append(Scan(_us(visit.scanned_at), visit.point_id, visit.is_exit))
    usual = dict(ScanPoint.objects.values_list("id", "usual_stay_minutes"))
    longest = int(LONGEST_STAY.total_seconds() * 1_000_000)
    return {r: stays_of(own, lambda point: usual[point] * MINUTE, longest) for r, own in scans.items()}


def _us(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000)


def pages_show_the_same(doors: Settings, folder: Path, trace: Trace) -> None:
    password = (folder / "login.txt").read_text().split()[-1]
    with httpx.Client(base_url=f"http://{doors.site_address}", follow_redirects=True) as client:
        page = client.get("/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
        assert token
        form = {"csrfmiddlewaretoken": token[1], "login": "hanh", "password": password}
        assert "Đăng xuất" in client.post("/sign-in/", data=form).text
        shown = client.get(f"/traces/{trace.pk}/").text
        first = Resident.objects.get(pk=trace.contacts.order_by("-seconds").first().resident_id)
        assert first.full_name in shown
        district = division_named(system_scope(), DISTRICT)
        assert COMMUNE in client.get(f"/coverage/?division={district.pk}").text


def scanners_hear_of_a_lost_card(doors: Settings) -> None:
    """From the desk through the publisher and the gateway to a device's own list, proved by the root."""
    _, secret = enrol_device(system_scope(), ScanPoint.objects.earliest("pk").pk, "cổng chính")
    headers = {"authorization": f"Bearer {secret}"}
    card = Card.objects.filter(status=CardStatus.ACTIVE).earliest("pk")
    with httpx.Client(base_url=f"http://{doors.gateway_address}/v1", headers=headers) as device:
        trust = check_list(_fetched(device, "/trust-list").content, pinned_root())
        assert isinstance(trust, TrustList)
        known = check_status_list(_fetched(device, "/status-list").content, trust.by_kid(), now())
        assert isinstance(known, StatusList)
        while known.of(card.pk) != Listed.VALID:  # the publisher may still be at the cards of the demo
            known = _followed(device, known, trust)
        new = replace_card(system_scope(), card.pk, Reason.LOST)
        while known.of(card.pk) != Listed.INVALID:
            known = _followed(device, known, trust)
        assert known.of(new.pk) == Listed.ATTENTION


def _fetched(device: httpx.Client, path: str) -> httpx.Response:
    """The list, once there is one: half a minute at most, of which a change may take ten seconds."""
    over = time.monotonic() + 30
    while (answer := device.get(path)).status_code != 200:
        assert time.monotonic() < over, answer.text
        time.sleep(0.1)
    return answer


def _followed(device: httpx.Client, known: StatusList, trust: TrustList) -> StatusList:
    answer = _fetched(device, f"/status-list?since={known.serial}")
    is_delta = "delta" in answer.headers["content-type"]
    read = (
        check_delta(answer.content, known, trust.by_kid(), now())
        if is_delta
        else check_status_list(answer.content, trust.by_kid(), now(), known.serial)
    )
    assert isinstance(read, StatusList)
    return read


def doors_came_in_their_own_roles() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = current_database()")
        names = {name for (name,) in cursor.fetchall()}
    assert {SITE, GATEWAY} <= names <= {SITE, GATEWAY, connection.settings_dict["USER"]}


def pages_chained_what_they_wrote() -> None:
    read = Entry.objects.filter(actor_name="hanh", purpose="case_tracing")
    assert read
    assert Link.objects.filter(entry_id__in=read.values("pk")).count() == read.count()
