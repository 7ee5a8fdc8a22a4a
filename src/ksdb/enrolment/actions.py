"""Registering places, and what the ward decides about them."""

from dataclasses import asdict, dataclass, replace
from datetime import time, timedelta

from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.utils.translation import gettext

from ksdb.access.actions.owners import invite_owner, make_owner
from ksdb.access.models import StaffAccount
from ksdb.access.sealing import opened, sealer
from ksdb.audit.actions import record, record_deleted
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.scope import Scope
from ksdb.enrolment.models import Place
from ksdb.enrolment.queries import PHONE, place, places_of_phone
from ksdb.places.actions import make_points
from ksdb.places.models import ScanPoint
from ksdb.sms.actions import NoCarrier, check_code, send_code, send_text
from ksdb.visits.actions import give_point

State = Place.State
UNPROVEN_KEPT = timedelta(days=1)
DRAFT = "place_draft"


class PlaceDecided(KsdbError):
    """Somebody has decided about this place already. Open it again to see what."""

    code = "place_decided"
    status = 409


class NoDraft(KsdbError):
    """What you typed is no longer here. Please fill in the form again."""

    code = "no_place_draft"
    status = 410


@dataclass(frozen=True)
class Facts:
    """What is said of a place."""

    name: str
    type_id: str
    division_id: int
    address: str
    contact_name: str
    opens_at: time
    closes_at: time
    capacity: int | None
    is_sensitive: bool
    latitude: float | None = None
    longitude: float | None = None


def register_place(scope: Scope, session: SessionBase, facts: Facts, phone: str) -> None:
    """Keeps what was typed and sends a code to the phone; nobody sees the place before the code comes back."""
    send_code(scope, session, phone)
    made = Place.objects.create(
        **asdict(facts),
        phone_sealed=sealer().seal(PHONE, phone),
        phone_key=sealer().match_key(PHONE, phone),
        applied_at=now(),
    )
    session[DRAFT] = made.pk


def ask_status(scope: Scope, session: SessionBase, phone: str) -> None:
    """Sends a code if something was registered with the number; one cannot tell from outside whether it was."""
    session.pop(DRAFT, None)
    send_code(scope, session, phone, goes_out=bool(places_of_phone(scope, phone)))


def prove_phone(scope: Scope, session: SessionBase, code: str) -> None:
    """The code came back: the place that was just typed, if any, now waits for the ward."""
    phone = check_code(scope, session, code)
    draft = session.pop(DRAFT, None)
    if draft is None:
        return
    key = sealer().match_key(PHONE, phone)
    waits = Place.objects.filter(pk=draft, state=State.UNPROVEN, phone_key=key)
    if not waits.update(state=State.WAITING, applied_at=now()):
        raise NoDraft
    record(scope, "enrolment:place:register", subject=("place", draft))


def correct_place(scope: Scope, place_id: int, facts: Facts) -> None:
    """The ward sets right what the owner typed, before it decides; it may hand the place on to another commune."""
    place(scope, place_id)
    if not Place.objects.filter(pk=place_id, state=State.WAITING).update(**asdict(facts)):
        raise PlaceDecided
    record(scope, "enrolment:place:correct", subject=("place", place_id))


@transaction.atomic
def approve_place(scope: Scope, place_id: int) -> Place:
    """Makes the scan point, and its owner's account unless the holder of the phone has one already."""
    asked = _waiting(scope, place_id)
    made = ScanPoint(
        name=asked.name,
        type=asked.type,
        division=asked.division,
        address=asked.address,
        opens_at=asked.opens_at,
        closes_at=asked.closes_at,
        usual_stay_minutes=asked.type.usual_stay_minutes,
        capacity=asked.capacity,
        is_sensitive=asked.is_sensitive,
        latitude=asked.latitude,
        longitude=asked.longitude,
    )
    (asked.point,) = make_points(scope, [made])
    asked.account = _owner(scope, asked)
    give_point(scope, asked.point.pk, asked.account.pk)
    _decide(scope, asked, State.APPROVED, "")
    _tell(scope, asked, gettext("ksdb: your place was approved. Look at the page where you registered it."))
    return asked


def _owner(scope: Scope, asked: Place) -> StaffAccount:
    """The account of whoever holds the phone, given the right to own points in this division, too."""
    before = Place.objects.filter(phone_key=bytes(asked.phone_key), state=State.APPROVED).exclude(account=None)
    known = before.values_list("account_id", flat=True).first()
    return make_owner(scope, asked.contact_name, asked.division_id, known)


def refuse_place(scope: Scope, place_id: int, reason: str) -> None:
    """The owner reads the reason on his page."""
    with transaction.atomic():
        asked = _waiting(scope, place_id)
        _decide(scope, asked, State.REFUSED, reason)
        _tell(scope, asked, gettext("ksdb: your place was not approved. Read why on the page where you registered it."))


def _waiting(scope: Scope, place_id: int) -> Place:
    """Locked, so that two officers do not decide at once."""
    place(scope, place_id)
    asked = Place.objects.select_for_update(of=("self",)).select_related("type", "division").get(pk=place_id)
    if asked.state != State.WAITING:
        raise PlaceDecided
    return asked


def _decide(scope: Scope, asked: Place, state: str, reason: str) -> None:
    asked.state, asked.reason = state, reason
    asked.decided_at, asked.decided_by_id = now(), scope.actor_id
    asked.save()
    record(scope, f"enrolment:place:{'approve' if state == State.APPROVED else 'refuse'}", subject=("place", asked.pk))


def _tell(scope: Scope, asked: Place, body: str) -> None:
    """Where no message can be sent, the owner sees it when he looks."""
    try:
        send_text(scope, opened(PHONE, bytes(asked.phone_sealed)), body)
    except NoCarrier:
        return


def owner_link(scope: Scope, phone: str, place_id: int) -> tuple[StaffAccount, str]:
    """A link by which the holder of a proven number sets the password of his account. Raises NotFound."""
    found = next((p for p in places_of_phone(scope, phone) if p.pk == place_id and p.account_id), None)
    if found is None or found.account_id is None:
        raise NotFound
    return invite_owner(replace(scope, is_system=True), found.account_id)


@transaction.atomic
def forget_unproven(scope: Scope) -> int:
    """Deletes what was typed more than a day ago and never proven; how many."""
    if not scope.is_system:
        raise NotAllowed
    gone = Place.objects.filter(state=State.UNPROVEN, applied_at__lt=now() - UNPROVEN_KEPT).delete()[0]
    return record_deleted(scope, "enrolment:place:forget", gone)
