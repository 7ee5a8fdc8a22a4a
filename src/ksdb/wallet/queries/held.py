"""What is held about a resident, as pages and files show it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.functional import Promise

from ksdb.access.words import ROLE_LABELS
from ksdb.audit.words import purpose_label
from ksdb.cards.models import Card
from ksdb.core.scope import Role
from ksdb.notices.queries import Told
from ksdb.registry.models import Resident
from ksdb.visits.disputing import VisitRef
from ksdb.wallet.models import Claim, Consent, DataRequest, Declaration, DeskRequest, Holding

__all__ = ["Asked", "Claim", "Disputed", "Held", "Keeping", "MyVisit", "Read", "Used"]


@dataclass(frozen=True)
class Disputed:
    """A dispute of a visit: where it stands, until when it is answered, and the answer."""

    state: str
    due_on: date
    decided_at: datetime | None
    note: str


@dataclass(frozen=True)
class MyVisit:
    """A visit as the resident sees it."""

    ref: VisitRef
    point: str
    kind: str
    is_exit: bool
    disputed: Disputed | None

    @property
    def at(self) -> datetime:
        return self.ref.scanned_at

    @property
    def key(self) -> str:
        """For a form's hidden field; in an address it would say where somebody was."""
        micro = int(self.ref.scanned_at.timestamp() * 1_000_000)
        return f"{self.ref.point_id}-{micro}-{self.ref.device_id}-{self.ref.sequence}"


@dataclass(frozen=True)
class Read:
    """Somebody of an office read the record, so often on one day, for one purpose."""

    last_at: datetime
    first_at: datetime
    times: int
    purpose: str
    action: str
    is_for_case: bool
    unit: str | None
    roles: Sequence[str]

    @property
    def reader(self) -> list[str | Promise]:
        """The roles in words; what an account may do now, where it may do several things."""
        return [ROLE_LABELS[Role(role)] for role in self.roles if role in set(Role)]

    @property
    def why(self) -> str | Promise:
        return purpose_label(self.purpose)


@dataclass(frozen=True)
class Asked:
    """A request with what was said and answered."""

    request: DataRequest
    text: str
    note: str


END_DIGITS = 3
"""Of a phone's number so many are shown to others who keep the same card, and to the ward."""


@dataclass(frozen=True)
class Keeping:
    """A phone keeps the resident's card, or kept it: the end of its number, since when, and how that was made sure."""

    holding: Holding
    end: str

    @property
    def stands(self) -> bool:
        return self.holding.until is None


@dataclass(frozen=True)
class Used:
    """Of a phone that keeps the card: since when it is signed in, was looked at last, and whether it takes pushes."""

    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None
    takes_pushes: bool


@dataclass(frozen=True)
class Held:
    """Everything."""

    resident: Resident
    id_number: str
    phone: str
    cards: list[Card]
    keepers: list[Keeping]
    sessions: list[Used]
    claims: list[Claim]
    desk: list[DeskRequest]
    visits: list[MyVisit]
    reads: list[Read]
    declarations: list[Declaration]
    requests: list[Asked]
    consents: list[Consent]
    notices: list[Told]
    made_at: datetime
