"""Everything that is held about a resident at once, without an end: for My data, the file, and the printed sheet."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q

from ksdb.cards.models import Card
from ksdb.core.clock import now
from ksdb.core.scope import Scope
from ksdb.notices.models import Subscription
from ksdb.notices.queries import notices_of
from ksdb.registry.models import Resident
from ksdb.registry.queries import masked_numbers
from ksdb.wallet.models import Claim, DeskRequest, Holder
from ksdb.wallet.queries.held import Held, Used
from ksdb.wallet.queries.keepers import keepers_of
from ksdb.wallet.queries.mine import (
    my_consents,
    my_declarations,
    my_reads,
    my_requests,
    my_visits,
    own_records,
    reading,
)


def held_about(scope: Scope, resident_id: int, holder: Holder | None = None) -> Held:
    """All lists whole. `holder` is whose phone asks: of his phones it is said as well when they were used."""
    records = own_records(scope, resident_id)
    people = Resident.objects.select_related("division__parent", "household", "guardian")
    resident = people.get(pk=records[0])
    id_number, phone = masked_numbers(reading(scope), resident)
    return Held(
        resident=resident,
        id_number=id_number,
        phone=phone,
        cards=list(Card.objects.filter(resident__in=records).order_by("-issued_at")),
        keepers=keepers_of(scope, resident_id),
        sessions=_used(holder),
        claims=_claims(records, holder),
        desk=list(DeskRequest.objects.filter(resident__in=records).order_by("-id")),
        visits=my_visits(scope, resident_id, None),
        reads=my_reads(scope, resident_id, None),
        declarations=my_declarations(scope, resident_id),
        requests=my_requests(scope, resident_id),
        consents=my_consents(scope, resident_id),
        notices=notices_of(reading(scope), records),
        made_at=now(),
    )


def _used(holder: Holder | None) -> list[Used]:
    if holder is None:
        return []
    takes = Exists(Subscription.objects.filter(owner=OuterRef("pk")))
    found = holder.phones.annotate(takes=takes).order_by("-began_at")
    return [Used(*row) for row in found.values_list("began_at", "seen_at", "ended_at", "takes")]


def _claims(records: Sequence[int], holder: Holder | None) -> list[Claim]:
    """Requests to keep the resident's card, whoever made them; and the holder's own."""
    meant = Q(resident__in=records) | (Q(holder=holder) if holder else Q())
    return list(Claim.objects.filter(meant).order_by("-made_at"))
