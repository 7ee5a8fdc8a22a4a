"""Reads of who keeps a resident's card: for the resident's own pages, the file, the sheet, and the ward."""

from collections.abc import Sequence

from ksdb.audit.actions import record
from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import within
from ksdb.registry.models import Resident
from ksdb.wallet.models import Holding
from ksdb.wallet.numbers import number_of
from ksdb.wallet.queries.held import END_DIGITS, Keeping
from ksdb.wallet.queries.mine import own_records


def keepers_of(scope: Scope, resident_id: int) -> list[Keeping]:
    """Whose phones keep, or kept, a card of the holder's; those that keep it now first."""
    return _keepers(own_records(scope, resident_id))


def _keepers(records: Sequence[int]) -> list[Keeping]:
    found = Holding.objects.filter(resident__in=records).select_related("holder")
    kept = [Keeping(one, number_of(one.holder.phone_sealed)[-END_DIGITS:]) for one in found]
    return sorted(kept, key=lambda one: (not one.stands, -one.holding.since.timestamp()))


def is_own_phone(scope: Scope, holder_id: int, resident_id: int) -> bool:
    """Whether this holder keeps the card as his own: then he may take it off other phones."""
    kept = Holding.objects.filter(holder=holder_id, relation=Holding.Relation.SELF, until=None)
    return kept.filter(resident__in=own_records(scope, resident_id)).exists()


def kept_resident(scope: Scope, resident_id: int) -> Resident:
    """A resident of the ward whose keepers an officer looks at. Raises NotFound."""
    inside = within(scope, Permission.WALLET_CLAIM_DECIDE)
    found = Resident.objects.filter(inside, pk=resident_id).select_related("division__parent").first()
    if found is None:
        raise NotFound
    return found


def keepers_in_ward(scope: Scope, resident_id: int) -> list[Keeping]:
    """The same for the ward. Audited."""
    resident = kept_resident(scope, resident_id)
    record(scope, "wallet:holding:read", ("resident", resident.pk), Purpose.CORRECTION)
    return _keepers([resident.pk])
