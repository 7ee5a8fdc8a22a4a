"""The sheet that the ward prints for somebody without a phone, who came and asked for it."""

from dataclasses import dataclass, replace
from typing import Final

from django.db import transaction

from ksdb.access.actions import spend
from ksdb.access.limits import Limit
from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.models import Division
from ksdb.places.queries import within
from ksdb.registry.models import Resident
from ksdb.wallet.asking import Came, Proven, Wanted
from ksdb.wallet.models import DeskRequest
from ksdb.wallet.queries import on_behalf
from ksdb.wallet.queries.everything import held_about
from ksdb.wallet.queries.held import Held

SHEET: Final = Permission.WALLET_SHEET_PRINT
BY_ACCOUNT: Final = Limit("sheets_by_account", 20, 60 * 60)
OF_RESIDENT: Final = Limit("sheets_of_resident", 3, 24 * 60 * 60)
WARDS: Final = (Division.Kind.COMMUNE, Division.Kind.GROUP)


@dataclass(frozen=True)
class Request:
    """Who came to the desk, how the officer made sure, and why the sheet is asked for."""

    came: Came
    proven: Proven
    wanted: Wanted


def at_desk(scope: Scope, resident_id: int) -> Resident:
    """A resident of the officer's own ward: a right over more than a commune prints no sheet. Raises NotFound."""
    wards = Division.objects.filter(pk__in=scope.outer(SHEET) or [], kind__in=WARDS).values_list("pk", flat=True)
    own = replace(scope, divisions={SHEET: frozenset(wards)}, is_system=False)
    if not own.allows(SHEET):
        raise NotFound
    found = Resident.objects.filter(within(own, SHEET), pk=resident_id).select_related("division__parent").first()
    if found is None:
        raise NotFound
    return found


@transaction.atomic
def print_sheet(scope: Scope, resident_id: int, asked: Request) -> Held:
    """Everything that is held about the resident who asks for it. Audited as such. Raises NotFound, TooManyAttempts."""
    if scope.actor_id is None:
        raise NotAllowed
    resident = at_desk(scope, resident_id)
    spend(scope, BY_ACCOUNT, str(scope.actor_id))
    spend(scope, OF_RESIDENT, str(resident.pk))
    made = DeskRequest.objects.create(
        resident=resident,
        came=asked.came,
        proven=asked.proven,
        wanted=asked.wanted,
        made_at=now(),
        made_by_id=scope.actor_id,
    )
    detail = {"request": made.pk, "came": asked.came, "proven": asked.proven, "wanted": asked.wanted}
    record(scope, SHEET, ("resident", resident.pk), Purpose.SUBJECT_REQUEST, detail)
    return held_about(on_behalf(scope), resident.pk)
