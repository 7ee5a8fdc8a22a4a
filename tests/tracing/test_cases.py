"""Cases corrected by two at once, periods set by hand, links, unknown people, and line lists of others."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from tests.conftest import resident_of
from tests.tracing.conftest import moment

from ksdb.access.models import StaffAccount
from ksdb.core.clock import today
from ksdb.core.scope import Purpose, Scope, system_scope
from ksdb.followup.queries.chains import chains_in
from ksdb.places.models import Division
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseClosed, CaseFacts, CaseOpenAlready, open_case, period_of, run_trace
from ksdb.tracing.actions.correcting import CaseChanged, CaseFields, CaseLinked, correct_case, link_cases
from ksdb.tracing.actions.exporting import Asked
from ksdb.tracing.actions.keeping import close_case, reopen_case
from ksdb.tracing.actions.listing import export_line_list
from ksdb.tracing.actions.reporting import Brought, report_cases
from ksdb.tracing.actions.rerunning import rerun_touched
from ksdb.tracing.linelist import ListUnreadable, read_line_list
from ksdb.tracing.models import CaseLink, CaseRecord, ReportedCase, Trace
from ksdb.tracing.period import PeriodEmpty
from ksdb.web.exporting import FileKind

SYSTEM = system_scope()
OUTBREAKS = Path("/work/shared/data/check/outbreaks")
WHY = "người bệnh nhớ lại ngày sốt"


def fields_of(one: CaseRecord, **changed: object) -> CaseFields:
    said = {name: getattr(one, name) for name in CaseFields.__dataclass_fields__}
    return CaseFields(**{**said, **changed})  # type: ignore[arg-type]


def test_a_correction_keeps_what_stood_before_and_runs_the_traces_again(lans_case: CaseRecord) -> None:
    run = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    late = today() - timedelta(days=1)
    changed = correct_case(SYSTEM, lans_case.pk, 1, fields_of(lans_case, onset_on=None, result="positive"), WHY)
    assert changed.version == 2
    kept = {c.field: (c.before, c.after) for c in changed.corrections.all()}
    assert kept == {"onset_on": (late.isoformat(), ""), "result": ("", "positive")}
    run.refresh_from_db()
    assert run.stale_why == "case"
    isolated = fields_of(changed, isolated_at=moment(8, 10))
    correct_case(SYSTEM, lans_case.pk, 2, isolated, WHY)
    assert rerun_touched(SYSTEM) == 1
    again = Trace.objects.latest("id")
    assert (again.why, again.contact_count, again.gone_count) == ("case", 0, 2)


def test_a_first_result_corrects_nothing_and_a_closed_case_takes_none(
    client: Client, hanh: StaffAccount, lans_case: CaseRecord
) -> None:
    run = run_trace(SYSTEM, lans_case.pk, "overlap-15")
    client.force_login(hanh)
    path = reverse("tracing:result", args=[lans_case.pk])
    client.post(path, {"result": "positive", "result_on": today().isoformat(), "version": "1"})
    client.post(path, {"result": "negative", "version": "2"})  # there is one already: that is a correction
    lans_case.refresh_from_db()
    run.refresh_from_db()
    assert (lans_case.result, lans_case.result_on, lans_case.corrections.count()) == ("positive", today(), 0)
    assert run.stale_at is None
    close_case(SYSTEM, lans_case.pk)
    with pytest.raises(CaseClosed):
        correct_case(SYSTEM, lans_case.pk, 2, fields_of(lans_case, onset_on=None), WHY)
    said = {"sampled_on": today().isoformat(), "result": "", "why": WHY, "version": "2"}
    assert client.post(reverse("tracing:correct", args=[lans_case.pk]), said).status_code == 422
    other = open_case(SYSTEM, lans_case.resident_id, CaseFacts("covid-19", today(), today(), None))
    with pytest.raises(CaseOpenAlready):
        reopen_case(SYSTEM, lans_case.pk)
    close_case(SYSTEM, other.pk)
    assert reopen_case(SYSTEM, lans_case.pk).closed_at is None


def test_two_at_once_do_not_overwrite_one_another(client: Client, hanh: StaffAccount, lans_case: CaseRecord) -> None:
    client.force_login(hanh)
    path = reverse("tracing:correct", args=[lans_case.pk])
    day = lans_case.sampled_on.isoformat()
    said = {"sampled_on": day, "onset_on": day, "result": "", "why": WHY, "version": "1"}
    correct_case(SYSTEM, lans_case.pk, 1, fields_of(lans_case, result="positive"), WHY)
    with pytest.raises(CaseChanged):
        correct_case(SYSTEM, lans_case.pk, 1, fields_of(lans_case), WHY)
    answer = client.post(path, said)
    assert answer.status_code == 422
    assert answer.context["is_behind"]
    assert client.post(path, {**said, "version": "2"})["Location"] == reverse("tracing:case", args=[lans_case.pk])
    assert WHY in client.get(reverse("tracing:case", args=[lans_case.pk])).content.decode()


def test_a_period_is_set_by_hand_with_its_reason(client: Client, hanh: StaffAccount, lans_case: CaseRecord) -> None:
    client.force_login(hanh)
    path = reverse("tracing:correct", args=[lans_case.pk])
    day = moment(0).date()
    said = {"sampled_on": lans_case.sampled_on.isoformat(), "result": "", "version": "1", "why": WHY}
    hours = {"adjusted_from": f"{day}T08:20", "adjusted_until": f"{day}T08:05"}
    assert client.post(path, {**said, **hours}).context["form"].errors.keys() == {"adjusted_until"}
    assert client.post(path, {**said, **hours, "adjusted_until": f"{day}T09:00"}).status_code == 302
    lans_case.refresh_from_db()
    assert period_of(lans_case) == (moment(8, 20), moment(9))
    assert lans_case.adjusted_why == WHY
    assert [c.seconds for c in run_trace(SYSTEM, lans_case.pk, "overlap-10").contacts.all()] == [600, 600]


def test_isolation_before_the_onset_is_told(lans_case: CaseRecord) -> None:
    with pytest.raises(PeriodEmpty):
        correct_case(SYSTEM, lans_case.pk, 1, fields_of(lans_case, isolated_at=moment(0) - timedelta(days=9)), WHY)


def test_a_case_without_visits_has_no_contacts_and_says_so(
    client: Client, hanh: StaffAccount, profiles: Scope, lan: Resident
) -> None:
    one = open_case(SYSTEM, lan.pk, CaseFacts("covid-19", today(), today(), None))
    run = run_trace(SYSTEM, one.pk, "national-2022", 2)
    client.force_login(hanh)
    for name in ("trace", "places", "wards"):
        assert "empty" in client.get(reverse(f"tracing:{name}", args=[run.pk])).content.decode()


def test_cases_are_linked_once(client: Client, hanh: StaffAccount, lans_case: CaseRecord, neighbour: Resident) -> None:
    other = open_case(SYSTEM, neighbour.pk, CaseFacts("covid-19", today(), today(), None))
    link_cases(SYSTEM, lans_case.pk, other.pk, CaseLink.Kind.INFECTED_BY)
    for pair in ((other.pk, lans_case.pk), (lans_case.pk, other.pk), (other.pk, other.pk)):
        with pytest.raises(CaseLinked):
            link_cases(SYSTEM, *pair, CaseLink.Kind.OTHER)
    client.force_login(hanh)
    path = reverse("tracing:case", args=[lans_case.pk])
    assert [one.case_id for one in client.get(path).context["links"]] == [other.pk]
    client.post(reverse("tracing:unlink", args=[lans_case.pk]), {"other": other.pk})
    assert client.get(path).context["links"] == []


def test_an_unknown_person_is_reported_and_found_later(
    client: Client, hanh: StaffAccount, profiles: Scope, lan: Resident
) -> None:
    client.force_login(hanh)
    division = Division.objects.get(kind="province", valid_from=date(2025, 7, 1))
    said = {"division": division.pk, "label": "BV-17", "profile": "covid-19", "sampled_on": today().isoformat()}
    answer = client.post(reverse("tracing:report"), said)
    report = ReportedCase.objects.get()
    assert answer["Location"] == reverse("tracing:reported", args=[report.pk])
    assert client.post(reverse("tracing:report"), said).status_code == 422  # the label is taken
    assert "BV-17" in client.get(reverse("tracing:reports")).content.decode()
    answer = client.post(answer["Location"], {"number": str(lan.pk)})
    case = CaseRecord.objects.get()
    assert answer["Location"] == reverse("tracing:case", args=[case.pk])
    assert (case.resident_id, case.sampled_on) == (lan.pk, today())
    assert client.get(reverse("tracing:reports")).context["page"].paginator.count == 0


def test_a_line_list_is_looked_at_and_brought_in(client: Client, hanh: StaffAccount, profiles: Scope) -> None:
    client.force_login(hanh)
    division = Division.objects.get(kind="province", valid_from=date(2025, 7, 1))
    text = "Mã ca;Khởi phát;Ngày lấy mẫu;Tuổi\nA1;1/11/2026;03/11/2026;56\nA2;;nhầm;4\nA1;;2026-11-04;7\n"
    said = {"division": division.pk, "profile": "covid-19", "column_onset_on": "khởi phát"}

    def send(step: str) -> object:
        file = SimpleUploadedFile("ca.csv", text.encode())
        return client.post(reverse("tracing:line_list"), {**said, "step": step, "file": file})

    looked = send("look").context  # type: ignore[attr-defined]
    seen = looked["read"]
    assert [(one.number, one.wrong) for one in seen.refused] == [(3, "sampled_on"), (4, "label")]
    assert not ReportedCase.objects.exists()
    assert client.post(reverse("tracing:line_list"), {"kept": looked["kept"][:-1]}).status_code == 422
    client.post(reverse("tracing:line_list"), {"kept": looked["kept"]})  # the file is not asked for again
    assert ReportedCase.objects.count() == 1
    for _ in range(2):  # brought in again, the label is known
        assert send("write").status_code == 302  # type: ignore[attr-defined]
    one = ReportedCase.objects.get()
    assert (one.label, one.onset_on, one.sampled_on, one.age) == ("A1", date(2026, 11, 1), date(2026, 11, 3), 56)
    days = {
        "since": "2026-11-01",
        "until": "2026-11-30",
        "purpose": "audit",
        "kind": "2",
        "reason": "báo cáo tháng mười một",
    }
    answer = client.post(reverse("tracing:line_export"), days)
    exported = b"".join(answer.streaming_content)
    assert b"A1" in exported
    (line,) = read_line_list(exported).lines
    assert (line.label, line.sampled_on, line.age) == ("A1", date(2026, 11, 3), 56)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04nothing", b"\xff\xfe\x00", b"id,date\n"])
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(ListUnreadable):
        read_line_list(content)


@pytest.mark.skipif(not OUTBREAKS.is_dir(), reason="the outbreaks of others are not here")
def test_the_line_lists_of_two_real_outbreaks_are_read() -> None:
    mers = read_line_list((OUTBREAKS / "mers_korea_2015_linelist.csv").read_bytes())
    assert (len(mers.lines), mers.refused) == (162, [])
    first = mers.lines[0]
    assert (first.label, first.onset_on, first.age, first.sex) == ("SK_1", date(2015, 5, 11), 68, "male")
    measles = read_line_list((OUTBREAKS / "measles_hagelloch_1861.csv").read_bytes())
    assert (len(measles.lines), measles.refused) == (188, [])
    assert (measles.lines[0].infector, measles.lines[0].sampled_on) == ("45", date(1861, 11, 25))
    assert sum(bool(line.infector) for line in measles.lines) == 184
    pairs = read_line_list((OUTBREAKS / "mers_korea_2015_contacts.csv").read_bytes())
    assert (len(pairs.pairs), pairs.lines, pairs.refused) == (98, [], [])


@pytest.mark.skipif(not OUTBREAKS.is_dir(), reason="the outbreaks of others are not here")
def test_two_real_outbreaks_come_in_as_chains(client: Client, hanh: StaffAccount, profiles: Scope) -> None:
    client.force_login(hanh)
    division = Division.objects.get(kind="province", valid_from=date(2025, 7, 1))

    def bring(name: str, profile: str, **columns: str) -> str:
        file = SimpleUploadedFile(name, (OUTBREAKS / name).read_bytes())
        said = {"division": division.pk, "profile": profile, "step": "write", "file": file, **columns}
        answer = client.post(reverse("tracing:line_list"), said, follow=True)
        return str(next(iter(answer.context["messages"])))

    bring("mers_korea_2015_linelist.csv", "mers")
    assert "98" in bring("mers_korea_2015_contacts.csv", "mers")
    bring("measles_hagelloch_1861.csv", "measles", column_onset_on="date_of_rash")
    assert ReportedCase.objects.filter(profile__code="mers").count() == 162
    chains, alone = chains_in(SYSTEM)
    sizes = [chain.size for chain in chains]
    assert sum(sizes) + alone == 162 + 188
    measles = next(chain for chain in chains if chain.first.on.year == 1861)
    mers = next(chain for chain in chains if chain.first.on.year == 2015)
    assert (measles.size, mers.size) == (173, 94)  # components of all pairs, as counted by hand of the files
    ties = [tie for chain in chains for member in chain.members for tie in member.through]
    assert len(ties) == 184 + 98
    assert any(member.node.label == "SK_14" for member in mers.members)
    page = client.get(reverse("followup:reported_chain", args=[mers.first.report_id]) + "?all=1")
    assert page.context["chain"].size == mers.size
    graph = client.get(reverse("followup:reported_graph", args=[mers.first.report_id]) + "?all=1").json()
    assert {node[6] for node in graph["nodes"]} == {member.node.name for member in mers.members}
    assert client.get(reverse("followup:chains")).status_code == 200


def test_a_list_opens_cases_of_known_people_and_links_them(profiles: Scope, lan: Resident, neighbour: Resident) -> None:
    division = Division.objects.get(kind="province", valid_from=date(2025, 7, 1))
    on = today().isoformat()
    text = f"""id,sampled_on,resident,infected_by
A1,{on},{lan.pk},
A2,{on},{neighbour.pk},A1;A9
A3,{on},999999,A2
"""
    done = report_cases(SYSTEM, division.pk, "covid-19", read_line_list(text.encode()).lines)
    assert (done.new, done.opened) == (3, 2)
    first, second = CaseRecord.objects.order_by("pk")
    assert (first.resident_id, second.resident_id) == (lan.pk, neighbour.pk)
    link = CaseLink.objects.get()
    assert (link.first_id, link.second_id, link.kind) == (second.pk, first.pk, "infected_by")
    (chain,) = chains_in(SYSTEM)[0]
    assert [member.node.name for member in chain.members] == [str(first.pk), str(second.pk), "A3"]
    plain = open_case(SYSTEM, resident_of(lan.division, "Cao Thị Mới").pk, CaseFacts("covid-19", today(), today()))
    link_cases(SYSTEM, plain.pk, second.pk, CaseLink.Kind.INFECTED_BY)
    asked = Asked(Purpose.AUDIT, "báo cáo của tháng này", FileKind.XLSX)
    written = export_line_list(SYSTEM, (today(), today()), asked)
    again = read_line_list(written.path.read_bytes())  # a real workbook
    assert [(line.label, line.infector) for line in again.lines] == [
        ("A1", ""),
        ("A2", "A1"),
        (f"KSDB-{plain.pk}", "A2"),
        ("A3", "A2"),
    ]
    assert report_cases(SYSTEM, division.pk, "covid-19", again.lines) == Brought(0, 4)
