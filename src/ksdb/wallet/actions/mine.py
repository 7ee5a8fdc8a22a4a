"""Writes of a resident's own pages: a visit disputed, health declared, something asked, allowed or taken back."""

from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import get_language

from ksdb.access.actions import spend
from ksdb.access.limits import Limit
from ksdb.access.sealing import sealer
from ksdb.audit.actions import record, record_deleted
from ksdb.core.clock import now, today
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Purpose, Scope
from ksdb.notices.actions import forget_subscription, forget_subscriptions, keep_subscription, make_notices
from ksdb.notices.kinds import Kind
from ksdb.notices.queries import subscriptions_of
from ksdb.notices.reaching import Reach
from ksdb.visits.actions.disputes import dispute_visit
from ksdb.visits.disputing import Raiser, Reason, VisitRef
from ksdb.visits.models import Dispute
from ksdb.wallet.asking import (
    ANSWER_DAYS,
    DECLARED_KEPT,
    FORM_VERSION,
    REQUEST_NOTE,
    REQUEST_TEXT,
    About,
    Allowed,
    Answers,
    NothingToRepeat,
    RequestDecided,
    RequestState,
    TooManyRequests,
)
from ksdb.wallet.models import Consent, DataRequest, Declaration, DeskRequest, Holder, Holding, Phone
from ksdb.wallet.numbers import number_of
from ksdb.wallet.queries import Mine, on_behalf
from ksdb.wallet.queries.held import Asked
from ksdb.wallet.queries.mine import my_declarations, my_visit, own_records, request_asked

MOST_OPEN = 10
TESTS = Limit("notice_tests", 3, 60 * 60)


def dispute_own_visit(scope: Scope, resident_id: int, ref: VisitRef, said: tuple[Reason, str]) -> None:
    """The resident says that a visit was not his. Raises NotFound for anybody else's, AlreadyDisputed."""
    my_visit(scope, resident_id, ref)
    dispute_visit(on_behalf(scope), ref, said[0], said[1], Raiser.RESIDENT)


@transaction.atomic
def declare(scope: Scope, holder: Holder, resident_id: int, answers: Answers) -> Declaration:
    """Says how somebody is today; said again on the same day it stands in its place."""
    resident = own_records(scope, resident_id)[0]
    made, _ = Declaration.objects.update_or_create(
        resident_id=resident,
        on=today(),
        defaults={
            "holder": holder,
            "form_version": FORM_VERSION,
            "symptoms": list(answers.symptoms),
            "met_ill": answers.met_ill,
            "travelled": answers.travelled,
            "travelled_to": answers.travelled_to if answers.travelled else "",
            "declared_at": now(),
        },
    )
    record(scope, "wallet:declaration:write", ("resident", resident))
    return made


def declare_same(scope: Scope, holder: Holder, resident_id: int) -> Declaration:
    """As last time. Raises NothingToRepeat where there is none of this version of the form."""
    earlier = next((d for d in my_declarations(scope, resident_id) if d.form_version == FORM_VERSION), None)
    if earlier is None:
        raise NothingToRepeat
    same = Answers(tuple(earlier.symptoms), earlier.met_ill, earlier.travelled, earlier.travelled_to)
    return declare(scope, holder, resident_id, same)


@transaction.atomic
def ask_correction(scope: Scope, holder: Holder | None, resident_id: int, said: tuple[About, str]) -> DataRequest:
    """Something in the record is wrong; the ward answers within ANSWER_DAYS. Raises TooManyRequests."""
    resident = own_records(scope, resident_id)[0]
    if DataRequest.objects.filter(resident=resident, state=RequestState.OPEN).count() >= MOST_OPEN:
        raise TooManyRequests
    made = DataRequest.objects.create(
        resident_id=resident,
        holder=holder,
        about=said[0],
        text_sealed=sealer().seal(REQUEST_TEXT, said[1]),
        made_at=now(),
        due_on=today() + timedelta(days=ANSWER_DAYS),
    )
    record(scope, "wallet:request:make", ("resident", resident), detail={"request": made.pk, "about": said[0].value})
    return made


@transaction.atomic
def answer_request(scope: Scope, request_id: int, note: str, *, accepted: bool) -> DataRequest:
    """The ward's answer, of which the resident is told. Raises NotFound, RequestDecided."""
    request_asked(scope, request_id)
    one = DataRequest.objects.select_for_update().get(pk=request_id)
    if one.state != RequestState.OPEN:
        raise RequestDecided
    one.state = RequestState.ACCEPTED if accepted else RequestState.DECLINED
    one.note_sealed = sealer().seal(REQUEST_NOTE, note) if note else None
    one.decided_by_id, one.decided_at = scope.actor_id, now()
    one.save()
    detail = {"request": one.pk, "accepted": accepted}
    record(scope, "wallet:request:decide", ("resident", one.resident_id), Purpose.CORRECTION, detail)
    make_notices(scope, Kind.DECIDED, f"request:{one.pk}", {one.resident_id: {}})
    return one


def read_request(scope: Scope, request_id: int) -> Asked:
    """One to be answered. Audited."""
    asked = request_asked(scope, request_id)
    subject = ("resident", asked.request.resident_id)
    record(scope, "wallet:request:read", subject, Purpose.CORRECTION, {"request": request_id})
    return asked


@transaction.atomic
def allow(scope: Scope, holder: Holder, resident_id: int, what: Allowed) -> None:
    """The holder allows it from now on."""
    resident = own_records(scope, resident_id)[0]
    _, is_new = Consent.objects.get_or_create(
        holder=holder, resident_id=resident, what=what, withdrawn_at=None, defaults={"given_at": now()}
    )
    if is_new:
        record(scope, "wallet:consent:give", ("resident", resident), detail={"what": what.value})


@transaction.atomic
def take_back(scope: Scope, holder: Holder, resident_id: int, what: Allowed) -> None:
    """The holder allows it no more; what was kept by it alone is deleted."""
    records = own_records(scope, resident_id)
    standing = Consent.objects.filter(holder=holder, resident__in=records, what=what, withdrawn_at=None)
    if standing.update(withdrawn_at=now()):
        record(scope, "wallet:consent:withdraw", ("resident", records[0]), detail={"what": what.value})
    if what == Allowed.HEALTH:
        gone = Declaration.objects.filter(resident__in=records).delete()[0]
        if gone:
            record(scope, "wallet:declaration:forget", ("resident", records[0]), detail={"count": gone})
    elif not Consent.objects.filter(holder=holder, what=what, withdrawn_at=None).exists():
        forget_subscriptions(scope, list(holder.phones.values_list("pk", flat=True)))


@transaction.atomic
def take_pushes(scope: Scope, mine: Mine, endpoint: str, keys: tuple[bytes, bytes]) -> None:
    """This browser takes pushes for everybody whose cards the holder keeps now. Raises PushServiceUnknown."""
    keep_subscription(scope, mine.phone.pk, endpoint, keys, get_language() or "vi")
    for resident_id in mine.resident_ids:
        allow(scope, mine.holder, resident_id, Allowed.PUSH)


@transaction.atomic
def leave_pushes(scope: Scope, mine: Mine, endpoint: str) -> None:
    """It takes no more; where it was the holder's last one, what was allowed for it is taken back."""
    forget_subscription(scope, mine.phone.pk, endpoint)
    phones = list(mine.holder.phones.values_list("pk", flat=True))
    if not subscriptions_of(on_behalf(scope), phones):
        for resident_id in mine.resident_ids:
            take_back(scope, mine.holder, resident_id, Allowed.PUSH)


def send_test(scope: Scope, resident_id: int) -> None:
    """A notice that says nothing, to see whether they arrive. Raises TooManyAttempts."""
    resident = own_records(scope, resident_id)[0]
    spend(scope, TESTS, str(resident))
    make_notices(scope, Kind.TEST, f"at:{now().isoformat()}", {resident: {}})


def tell_decided(scope: Scope) -> int:
    """Whoever disputed a visit on his own pages is told that it was answered; how many were told just now."""
    if not scope.is_system:
        raise NotAllowed
    lately = Dispute.objects.filter(raised_as=Raiser.RESIDENT, decided_at__gt=now() - timedelta(days=1))
    return sum(
        make_notices(scope, Kind.DECIDED, f"dispute:{number}", {resident_id: {}})
        for number, resident_id in lately.values_list("pk", "resident_id")
    )


@transaction.atomic
def forget_said(scope: Scope) -> int:
    """Deletes declarations past their days, and a year after what was asked and answered, or asked at a desk."""
    if not scope.is_system:
        raise NotAllowed
    over = Declaration.objects.filter(on__lt=today() - DECLARED_KEPT).delete()[0]
    answered = DataRequest.objects.filter(decided_at__lt=now() - timedelta(days=365)).delete()[0]
    at_desk = DeskRequest.objects.filter(made_at__lt=now() - timedelta(days=365)).delete()[0]
    record_deleted(scope, "wallet:declaration:forget", over)
    record_deleted(scope, "wallet:request:forget", answered + at_desk)
    return over + answered + at_desk


def reach_of_holders(scope: Scope, resident_ids: Collection[int]) -> Reach:
    """Every phone that keeps the card of one of these, for notices; browsers that are signed in and were allowed to."""
    if not scope.is_system:
        raise NotAllowed
    holders = list(Holder.objects.filter(holdings__resident__in=resident_ids, holdings__until=None).distinct())
    phones = frozenset(number_of(one.phone_sealed) for one in holders)
    language = holders[0].language if holders else ""
    return Reach(phones, frozenset(_pushed_to(resident_ids)), language)


def _pushed_to(resident_ids: Collection[int]) -> QuerySet[Phone, int]:
    """Phones signed in as holders who keep one of these and allow pushes about them."""
    keeps = Holding.objects.filter(holder=OuterRef("holder"), resident__in=resident_ids, until=None)
    allows = Consent.objects.filter(
        holder=OuterRef("holder"), resident__in=resident_ids, what=Allowed.PUSH, withdrawn_at=None
    )
    return Phone.standing().filter(Exists(keeps), Exists(allows)).values_list("pk", flat=True)
