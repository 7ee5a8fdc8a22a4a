"""One of everything in a commune: a person, cards, an import, a print batch, a case that was traced."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from io import BytesIO
from uuid import uuid4

import openpyxl
from django.db import connection
from tests.conftest import resident_of, scope_for, staff

from ksdb.access.models import Grant, StaffAccount
from ksdb.approvals.actions import request_act
from ksdb.approvals.kinds import Kind
from ksdb.approvals.models import Act
from ksdb.cards.actions import issue_cards
from ksdb.cards.actions.drawing import print_batch
from ksdb.cards.models import Card, PrintBatch
from ksdb.core.clock import ZONE, now, today
from ksdb.core.scope import Role, Scope, system_scope
from ksdb.core.token import Form
from ksdb.duplicates.models import Pair
from ksdb.enrolment.models import Place
from ksdb.enrolment.queries import PHONE as PLACE_PHONE
from ksdb.followup.actions import follow
from ksdb.followup.models import FollowUp
from ksdb.outreach.models import DoorNote, MissingReason
from ksdb.places.actions import make_points
from ksdb.places.models import Division, ScanPoint
from ksdb.registry.actions import run_import, start_import
from ksdb.registry.models import Household, Import, Resident
from ksdb.registry.queries import MASK
from ksdb.registry.sealing import ID_NUMBER, PHONE, sealer
from ksdb.tracing.actions import CaseFacts, open_case, run_trace
from ksdb.tracing.actions.correcting import link_cases
from ksdb.tracing.models import CaseLink, CaseRecord, Contact, ReportedCase, Trace, WardList
from ksdb.visits.actions import dispute_visit, enrol_device
from ksdb.visits.disputing import Raiser, Reason, VisitRef
from ksdb.visits.models import Device, Dispute, Visit
from ksdb.wallet.actions import keep_resident, sign_in_phone
from ksdb.wallet.actions.mine import ask_correction
from ksdb.wallet.asking import CLAIMED_ID, About
from ksdb.wallet.models import Claim, DataRequest, Holder, Holding
from ksdb.wallet.queries import WALLET_PHONE

SYSTEM = system_scope()


@dataclass(frozen=True)
class Words:
    """What tells that a page speaks of this commune's people: no such text may reach anybody else."""

    person: str = "Nguyễn Thị Lan"
    neighbour: str = "Trần Văn Hòa"
    address: str = "77 Kiệt Tám Chín"
    book_number: str = "SHK-770099"
    relation: str = "Chủ hộ cũ"
    id_number: str = "046156770011"
    phone: str = "0905777222"
    file_name: str = "danh-sach-to-77.xlsx"
    point: str = "Chợ Bảy Bảy"
    place: str = "Nhà tạm lánh Bảy Bảy"
    officer: str = "Đoàn Thị Tám Bảy"
    reason: str = "theo đề nghị số 7788"

    def secret(self) -> tuple[str, ...]:
        """As a page might write them; of numbers the last four digits are shown to those who may."""
        return (
            self.person,
            self.neighbour,
            self.address,
            self.book_number,
            self.relation,
            self.id_number,
            MASK + self.id_number[-4:],
            self.phone,
            MASK + self.phone[-4:],
            self.file_name,
            self.point,
            self.place,
            self.officer,
            self.reason,
        )


@dataclass(frozen=True)
class World:
    """What a commune holds, by the parameters of addresses."""

    division: Division
    words: Words
    person: Resident
    card: Card
    token: str
    batch: PrintBatch
    source: Import
    case: CaseRecord
    trace: Trace
    contact: Contact
    account: StaffAccount
    grant: Grant
    act: Act
    pair: Pair
    note: DoorNote
    point: ScanPoint
    device: Device
    place: Place
    dispute: Dispute
    request: DataRequest
    ward_list: WardList
    claim: Claim
    report: ReportedCase
    follow_up: FollowUp
    phone: str

    def secrets(self) -> tuple[str, ...]:
        """Texts that nobody outside may read; the card's number as pages show it."""
        number = self.card.number
        return (*self.words.secret(), f"{number[:4]} {number[4:8]} {number[8:]}", self.token)


def world_of(division: Division, words: Words) -> World:
    """Fills the commune, by the actions that fill a real one where there are such."""
    source = _imported(division, words)
    person = _person(division, words.person, words, source)
    neighbour = _person(division, words.neighbour, words, None)
    issued = issue_cards(SYSTEM, [person.pk], Form.PAPER)[0]
    batch = print_batch(SYSTEM, person.division_id, Form.PAPER)
    _meet(person, neighbour, division, words)
    case = open_case(SYSTEM, person.pk, CaseFacts("covid-19", today() - timedelta(days=1), today(), None))
    trace = run_trace(SYSTEM, case.pk, "overlap-15")
    return World(
        division,
        words,
        person,
        Card.objects.get(pk=issued.index),
        issued.token,
        batch,
        source,
        case,
        trace,
        trace.contacts.get(resident_id=neighbour.pk),
        *_asking(division, trace, words),
        Pair.objects.create(first=person, second=neighbour, score=80, reasons="same_name same_birth", found_at=now()),
        _clash(person),
        *_enrolling(division, words),
        _disputed(person),
        _asked(person),
        WardList.objects.create(trace=trace, division=division, handed_at=now(), contact_count=1),
        _claiming(division, person, words),
        ReportedCase.objects.create(
            division=division, label=words.place, profile=case.profile, sampled_on=today(), reported_at=now()
        ),
        _following(division, case, trace),
        _holding(person, words),
    )


def _holding(person: Resident, words: Words) -> str:
    """The secret of the phone that keeps the person's card."""
    token = sign_in_phone(Scope(None), words.phone)
    holder = Holder.objects.latest("pk")
    keep_resident(Scope(None), holder, person.pk, Holding.Relation.SELF, Holding.Evidence.MATCHED)
    return token


def _disputed(person: Resident) -> Dispute:
    """The person says that she was not at the market."""
    visit = Visit.objects.filter(resident_id=person.pk).earliest("scanned_at")
    ref = VisitRef(visit.point_id, visit.scanned_at, visit.device_id, visit.sequence)
    return dispute_visit(SYSTEM, ref, Reason.NOT_THERE, "tôi ở nhà cả ngày", Raiser.RESIDENT)


def _asked(person: Resident) -> DataRequest:
    """The person says on her own pages that her address is wrong."""
    own = Scope(None, actor_name="holder:1", own=frozenset({person.pk}))
    return ask_correction(own, None, person.pk, (About.ADDRESS, "tôi ở nhà số 14"))


def _following(division: Division, case: CaseRecord, trace: Trace) -> FollowUp:
    """The neighbour is followed, and another case is linked with this one by hand."""
    follow(SYSTEM, trace.pk, 14)
    other = open_case(SYSTEM, resident_of(division, "Ca Thứ Hai").pk, CaseFacts("covid-19", today(), today(), None))
    link_cases(SYSTEM, case.pk, other.pk, CaseLink.Kind.HOUSEHOLD)
    return FollowUp.objects.get(sources__case=case)


def _clash(person: Resident) -> DoorNote:
    """A helper noted that the person works away, where another had noted meanwhile that she refuses."""
    MissingReason.objects.create(resident=person, reason="refuses", said_on=today(), noted_at=now())
    return DoorNote.objects.create(
        key=uuid4(),
        division=person.division,
        household=person.household,
        resident=person,
        kind="reason",
        reason="works_away",
        on=today(),
        done_at=now(),
        received_at=now(),
        outcome="conflict",
    )


def _claiming(division: Division, person: Resident, words: Words) -> Claim:
    """Somebody with a strange phone wants the person's card."""
    holder = Holder.objects.create(
        phone_sealed=sealer().seal(WALLET_PHONE, words.phone),
        phone_key=sealer().match_key(WALLET_PHONE, f"{division.pk}"),
        created_at=now(),
    )
    return Claim.objects.create(
        holder=holder,
        full_name=words.person,
        birth_year=1956,
        id_number_sealed=sealer().seal(CLAIMED_ID, words.id_number),
        relation="self",
        division=division,
        address=words.address,
        resident=person,
        evidence="id name",
        state=Claim.State.WAITING,
        made_at=now(),
    )


def _enrolling(division: Division, words: Words) -> tuple[ScanPoint, Device, Place]:
    """The point with a device, and a place whose owner waits."""
    point = ScanPoint.objects.get(name=words.point)
    device, _ = enrol_device(SYSTEM, point.pk, "Cổng")
    place = Place.objects.create(
        name=words.place,
        type_id="shelter",
        division=division,
        address=words.address,
        contact_name=words.officer,
        phone_sealed=sealer().seal(PLACE_PHONE, words.phone),
        phone_key=sealer().match_key(PLACE_PHONE, words.phone),
        opens_at=time(0),
        closes_at=time(23, 59),
        is_sensitive=True,
        state=Place.State.WAITING,
        applied_at=now(),
    )
    return point, device, place


def _asking(division: Division, trace: Trace, words: Words) -> tuple[StaffAccount, Grant, Act]:
    """An epidemiologist of the commune, with a grant there, who asks to take out the trace."""
    account = staff(f"asker-{division.pk}", words.officer, Role.EPIDEMIOLOGIST, division)
    act = request_act(scope_for(account), Kind.TRACE_EXPORT, division.pk, {"trace": trace.pk, "count": 1}, words.reason)
    return account, account.grants.get(), act


def _person(division: Division, name: str, words: Words, source: Import | None) -> Resident:
    person = resident_of(division, name)
    person.household, _ = Household.objects.get_or_create(
        division_id=person.division_id, book_number=words.book_number, defaults={"address": words.address}
    )
    person.relation, person.source = words.relation, source
    if source is not None:
        person.id_number_sealed = sealer().seal(ID_NUMBER, words.id_number)
        person.id_number_key = sealer().match_key(ID_NUMBER, words.id_number)
        person.phone_sealed = sealer().seal(PHONE, words.phone)
        person.phone_key = sealer().match_key(PHONE, words.phone)
    person.save()
    return person


def _imported(division: Division, words: Words) -> Import:
    """An import of one row that had to be corrected, so that there is a correction file."""
    return run_import(SYSTEM, start_import(SYSTEM, division.pk, words.file_name, list_of([["", "", ""]])).pk)


def list_of(
    rows: list[list[object]], heading: tuple[str, ...] = ("Họ và tên", "Ngày sinh", "Tổ dân phố/Thôn")
) -> bytes:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(heading)
    for row in [*rows, ["?", "?", "?"]]:
        book.active.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _meet(person: Resident, neighbour: Resident, division: Division, words: Words) -> None:
    """Both at the market from eight to nine, two days ago."""
    point = ScanPoint(
        name=words.point,
        type_id="market",
        division=division,
        opens_at=time(4),
        closes_at=time(18),
        usual_stay_minutes=45,
    )
    (point,) = make_points(SYSTEM, [point])
    on = today() - timedelta(days=2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT ensure_partitions(%s, %s)", [today() - timedelta(days=6), today() + timedelta(days=1)])
        for sequence, (who, hour) in enumerate([(person, 8), (neighbour, 8), (person, 9), (neighbour, 9)], start=1):
            at = datetime(on.year, on.month, on.day, hour, tzinfo=ZONE)
            cursor.execute(
                "INSERT INTO visit"
                " (point_id, scanned_at, device_id, sequence, card_index, resident_id, result, is_exit)"
                " VALUES (%s, %s, 1, %s, 1, %s, 1, %s)",
                [point.pk, at, division.pk * 100 + sequence, who.pk, hour == 9],
            )
