"""The contacts of a trace are told the kind of place and the day, never who; once of a case."""

import pytest
from django.test import Client
from django.urls import reverse
from tests.conftest import Setting, StaffAccount, scope_for

from ksdb.audit.models import Entry
from ksdb.core.clock import today
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope, system_scope
from ksdb.notices.actions import send_notices
from ksdb.notices.models import Notice
from ksdb.places.models import ScanPoint
from ksdb.registry.models import Resident
from ksdb.registry.sealing import PHONE, sealer
from ksdb.tracing.actions import CaseClosed, run_trace
from ksdb.tracing.actions.keeping import close_case
from ksdb.tracing.actions.notifying import tell_contacts, telling_of
from ksdb.tracing.models import CaseRecord


def test_they_read_the_kind_of_place_and_the_day(lans_case: CaseRecord, system: Scope, neighbour: Resident) -> None:
    found = run_trace(system, lans_case.pk, "overlap-15")
    assert telling_of(system, found.pk).new == 2
    assert tell_contacts(system, found.pk) == 2
    facts = Notice.objects.get(resident=neighbour).facts
    assert facts["type"] == "market"
    assert (today() - Notice.objects.get(resident=neighbour).made_at.date()).days <= 1
    assert set(facts) == {"type", "on"}
    assert Entry.objects.filter(action="tracing:contact:tell", case_id=lans_case.pk).count() == 1


def test_of_one_case_nobody_is_told_twice(lans_case: CaseRecord, system: Scope) -> None:
    tell_contacts(system, run_trace(system, lans_case.pk, "overlap-15").pk)
    again = run_trace(system, lans_case.pk, "overlap-10")
    assert telling_of(system, again.pk).new == 0
    assert tell_contacts(system, again.pk) == 0


def test_of_a_sensitive_place_not_even_the_kind_is_said(
    lans_case: CaseRecord, system: Scope, market_a: ScanPoint
) -> None:
    ScanPoint.objects.filter(pk=market_a.pk).update(is_sensitive=True)
    tell_contacts(system, run_trace(system, lans_case.pk, "overlap-15").pk)
    assert {one.facts["type"] for one in Notice.objects.all()} == {""}


def test_the_page_shows_what_they_read_and_how_many_it_reached(
    lans_case: CaseRecord, neighbour: Resident, client: Client, hanh: StaffAccount, setting: Setting
) -> None:
    setting(is_demo=1)
    system = system_scope()
    neighbour.phone_sealed = sealer().seal(PHONE, "0905111111")
    neighbour.save()
    address = reverse("tracing:tell", args=[run_trace(system, lans_case.pk, "overlap-15").pk])
    client.force_login(hanh)
    assert "19001075" in client.get(address).content.decode()
    assert client.post(address).status_code == 302
    send_notices(system)
    telling = client.get(address).context["telling"]
    assert (telling.new, telling.told.all, telling.told.by_text, telling.told.unreachable) == (0, 2, 1, 1)


def test_an_officer_of_another_ward_and_a_closed_case(
    lans_case: CaseRecord, system: Scope, hanh: StaffAccount, minh: StaffAccount
) -> None:
    found = run_trace(system, lans_case.pk, "overlap-15")
    with pytest.raises(NotAllowed):
        tell_contacts(scope_for(minh), found.pk)
    close_case(scope_for(hanh), lans_case.pk)
    with pytest.raises(CaseClosed):
        tell_contacts(scope_for(hanh), found.pk)
    assert not Notice.objects.exists()
