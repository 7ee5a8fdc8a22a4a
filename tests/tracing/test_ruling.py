"""Rule sets written by the province, version by version, and two of them compared on a case."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of, scope_for, staff
from tests.tracing.conftest import ScanAt, moment

from ksdb.access.models import StaffAccount
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Role, Scope, system_scope
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.models import Resident
from ksdb.tracing.actions import run_trace
from ksdb.tracing.actions.ruling import Rules, RulesTaken, add_rules, change_rules, retire_rules
from ksdb.tracing.models import CaseRecord, RuleSet
from ksdb.tracing.queries import rule_set_named

SYSTEM = system_scope()
HALF_AN_HOUR = Rules("Nửa giờ trở lên", 30, 0, 0, None, "theo công văn số 12")


def test_an_edit_is_a_new_version_and_a_used_one_stays(lans_case: CaseRecord, hanh: StaffAccount) -> None:
    used = run_trace(SYSTEM, lans_case.pk, "overlap-15").rule_set
    made = change_rules(scope_for(hanh), "overlap-15", 1, HALF_AN_HOUR)
    assert (made.code, made.version, made.made_by_id) == ("overlap-15", 2, hanh.pk)
    used.refresh_from_db()
    assert (used.least_minutes, used.version) == (15, 1)
    with pytest.raises(RulesTaken):
        change_rules(SYSTEM, "overlap-15", 1, HALF_AN_HOUR)  # somebody was quicker
    with pytest.raises(RulesTaken):
        add_rules(SYSTEM, "overlap-15", HALF_AN_HOUR)
    again = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    assert (again.rule_set_id, again.contact_count, again.before_id) == (made.pk, 0, None)


def test_a_type_of_point_has_minutes_of_its_own(
    client: Client, lans_case: CaseRecord, hanh: StaffAccount, market_a: ScanPoint, stranger: Resident
) -> None:
    """Written on the page; at markets twenty minutes count then, and the stranger was there for fifteen."""
    client.force_login(hanh)
    said = {
        "name": "Chợ 20 phút",
        "kind": "stays",
        "least_minutes": "15",
        "note": "theo công văn số 14",
        "version": "1",
    }
    path, there = reverse("tracing:rules_edit", args=["overlap-15"]), f"at_{market_a.type_id}"
    assert client.post(path, {**said, there: "20"}).status_code == 302
    assert f'name="{there}" value="20"' in client.get(path).content.decode()
    trace = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    assert trace.rule_set.by_type == {market_a.type_id: 20}
    assert stranger.pk not in trace.contacts.values_list("resident_id", flat=True)
    assert trace.contact_count == 1
    scans = {"name": "Theo lượt quét", "kind": "scans", "window_minutes": "5", "note": said["note"], "version": "2"}
    assert client.post(path, {**scans, there: "0"}).status_code == 422
    assert client.post(path, {**scans, there: "60"}).status_code == 302
    assert run_trace(SYSTEM, lans_case.pk, "overlap-15").contact_count > 1


def test_what_is_retired_is_offered_no_more(profiles: Scope) -> None:
    retire_rules(SYSTEM, "overlap-10")
    with pytest.raises(NotFound):
        rule_set_named(SYSTEM, "overlap-10")
    change_rules(SYSTEM, "overlap-10", 1, HALF_AN_HOUR)
    assert rule_set_named(SYSTEM, "overlap-10").version == 2


def test_a_commune_writes_no_rules_of_the_province(profiles: Scope, commune_a: Division) -> None:
    account = staff("van", "Lê Thị Vân", Role.EPIDEMIOLOGIST, commune_a)
    with pytest.raises(NotAllowed):
        add_rules(scope_for(account), "overlap-30", HALF_AN_HOUR)


def test_rules_are_written_on_their_pages(client: Client, hanh: StaffAccount, profiles: Scope) -> None:
    client.force_login(hanh)
    said = {"code": "overlap-30", "name": "Nửa giờ", "kind": "stays", "note": "theo công văn số 12"}
    answer = client.post(reverse("tracing:rules_new"), said)
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["least_minutes"])
    assert client.post(reverse("tracing:rules_new"), {**said, "least_minutes": "30"}).status_code == 302
    path = reverse("tracing:rules_edit", args=["overlap-30"])
    assert "Nửa giờ" in client.get(path).content.decode()
    scans = {"name": "Hai giờ", "kind": "scans", "window_minutes": "120", "note": "theo công văn số 13", "version": "1"}
    assert client.post(path, scans)["Location"] == reverse("tracing:rules")
    assert client.post(path, scans).status_code == 422  # from a page that was open since before
    latest = RuleSet.objects.filter(code="overlap-30").latest("version")
    assert (latest.version, latest.window_minutes, latest.least_minutes) == (2, 120, 0)
    assert "Hai giờ" in client.get(reverse("tracing:rules")).content.decode()
    client.post(reverse("tracing:rules_retire", args=["overlap-30"]))
    latest.refresh_from_db()
    assert latest.is_retired


def test_two_rule_sets_side_by_side(
    client: Client, hanh: StaffAccount, lans_case: CaseRecord, scan: ScanAt, market_a: ScanPoint
) -> None:
    scan(resident_of(market_a.division, "Tôn Nữ Gần"), market_a, moment(9, 25))
    client.force_login(hanh)
    path = reverse("tracing:compare", args=[lans_case.pk])
    rules = {one.code: one.pk for one in RuleSet.objects.all()}
    assert client.post(path, {"first": rules["overlap-15"], "second": rules["overlap-15"]}).status_code == 422
    answer = client.post(path, {"first": rules["national-2022"], "second": rules["overlap-15"]}, follow=True)
    shown = answer.context["shown"]
    # Lan's scans at 8:00 and 8:30 lie within an hour of everybody's but nobody's of 7:00.
    assert (shown.first.contact_count, shown.second.contact_count) == (5, 2)
    assert (shown.first_only, shown.second_only, shown.both) == (3, 0, 2)
    assert {row.person.name for row in shown.rows} == {"Lê Thị Sớm", "Phạm Văn Muộn", "Tôn Nữ Gần"}
    both = client.get(f"{path}?first={shown.first.pk}&second={shown.second.pk}&side=both")
    assert [row.second_seconds for row in both.context["shown"].rows] == [20 * 60, 15 * 60]
    assert client.get(f"{path}?first={shown.first.pk}&second=999").status_code == 404
    newer = change_rules(SYSTEM, "overlap-15", 1, HALF_AN_HOUR)  # two versions of one rule set, too
    answer = client.post(path, {"first": rules["overlap-15"], "second": newer.pk}, follow=True)
    versions = answer.context["shown"]
    assert (versions.first.contact_count, versions.second.contact_count) == (2, 0)
    page = answer.content.decode()
    assert "overlap-15 v1" in page
    assert "overlap-15 v2" in page
