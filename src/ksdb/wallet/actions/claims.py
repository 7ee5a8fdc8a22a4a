"""Claims of holders: matched at once, or kept for the ward, which confirms or refuses."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils.translation import gettext, gettext_noop, override

from ksdb.access.actions import spend
from ksdb.access.limits import Limit
from ksdb.access.sealing import sealer
from ksdb.audit.actions import record, record_deleted
from ksdb.core.addresses import network_of
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed
from ksdb.core.names import stored_name
from ksdb.core.scope import Permission, Scope
from ksdb.registry.queries import require_resident
from ksdb.sms.actions import NoCarrier, send_text
from ksdb.wallet.actions import keep_resident
from ksdb.wallet.asking import CLAIMED_ID
from ksdb.wallet.claiming import Facts, in_words
from ksdb.wallet.models import Claim, Holder, Holding, Phone
from ksdb.wallet.numbers import number_of
from ksdb.wallet.queries import Mine
from ksdb.wallet.queries.claims import claim, registry_match

BY_HOLDER: Final = Limit("claims_by_holder", 10, 24 * 60 * 60)
BY_ADDRESS: Final = Limit("claims_by_address", 60, 60 * 60)
MOST_HELD: Final = 12
FORGOTTEN_AFTER: Final = timedelta(days=30)
State = Claim.State


class ClaimDecided(KsdbError):
    """Somebody has decided about this request already. Open the list again."""

    code = "claim_decided"
    status = 409


class TooManyHeld(KsdbError):
    """One phone keeps the cards of twelve people at most. Take one off first, or use another phone."""

    code = "too_many_held"
    status = 409


@transaction.atomic
def claim_card(scope: Scope, mine: Mine, facts: Facts) -> bool:
    """Whether the phone keeps the card from now on; if not, the ward is asked.

    Whoever is not sure gets the same answer and causes the same work, whether the registry knows such a person or not.
    """
    if len(mine.holdings) >= MOST_HELD:
        raise TooManyHeld
    spend(scope, BY_HOLDER, str(mine.holder.pk))
    spend(scope, BY_ADDRESS, network_of(scope.address))
    match = registry_match(scope, mine, facts)
    kept = Claim.objects.create(
        holder=mine.holder,
        full_name=stored_name(facts.full_name),
        birth_year=facts.birth_year,
        born_on=facts.born_on,
        id_number_sealed=sealer().seal(CLAIMED_ID, facts.id_number) if facts.id_number else None,
        relation=facts.relation,
        division_id=facts.division_id,
        address=facts.address,
        resident_id=match.known.resident_id if match.known and match.found else None,
        evidence=in_words(match.found),
        state=State.MATCHED if match.is_sure else State.WAITING,
        made_at=now(),
    )
    record(scope, "wallet:claim:make", subject=("claim", kept.pk))
    if match.is_sure and match.known is not None:
        holding = _keep(scope, kept, match.known.resident_id, Holding.Evidence.MATCHED)
        Phone.objects.filter(pk=mine.phone.pk).update(chosen=holding)
    return match.is_sure


def _keep(scope: Scope, asked: Claim, resident_id: int, evidence: Holding.Evidence) -> Holding:
    relation = Holding.Relation(asked.relation)
    is_second = Holding.objects.filter(holder=asked.holder, relation=Holding.Relation.SELF, until=None).exists()
    if relation == Holding.Relation.SELF and is_second:
        relation = Holding.Relation.OTHER
    return keep_resident(scope, asked.holder, resident_id, relation, evidence)


def withdraw_claim(scope: Scope, mine: Mine, claim_id: int) -> None:
    """The holder no longer asks. What is none of his, or decided, stays as it is."""
    if not scope.is_system:
        asked = Claim.objects.filter(pk=claim_id, holder=mine.holder, state__in=(State.WAITING, State.REFUSED))
        asked.update(state=State.WITHDRAWN, decided_at=now())


@transaction.atomic
def confirm_claim(scope: Scope, claim_id: int, resident_id: int) -> None:
    """The ward has made sure who asks: the phone keeps that resident's card. Raises NotFound, ClaimDecided."""
    asked = _decided(scope, claim_id, State.CONFIRMED)
    require_resident(scope, resident_id)
    Claim.objects.filter(pk=asked.pk).update(resident_id=resident_id)
    _keep(scope, asked, resident_id, Holding.Evidence.CONFIRMED)
    record(scope, "wallet:claim:confirm", subject=("resident", resident_id), detail={"claim": claim_id})
    _tell(scope, asked.holder, gettext_noop("ksdb: your ward has confirmed. Open your card page: the card is there."))


@transaction.atomic
def refuse_claim(scope: Scope, claim_id: int, reason: str) -> None:
    """The holder reads the reason on the page of the household."""
    asked = _decided(scope, claim_id, State.REFUSED)
    Claim.objects.filter(pk=asked.pk).update(reason=reason)
    record(scope, "wallet:claim:refuse", subject=("claim", claim_id))
    _tell(scope, asked.holder, gettext_noop("ksdb: your ward could not confirm. Open your card page to read why."))


def _decided(scope: Scope, claim_id: int, state: str) -> Claim:
    """The claim, now in that state; who decided is kept."""
    scope.require(Permission.WALLET_CLAIM_DECIDE)
    asked = claim(scope, claim_id)
    waits = Claim.objects.filter(pk=claim_id, state=State.WAITING)
    if not waits.update(state=state, decided_at=now(), decided_by_id=scope.actor_id):
        raise ClaimDecided
    return asked


def _tell(scope: Scope, holder: Holder, body: str) -> None:
    """By a message; without a carrier the page says it."""
    try:
        with override(holder.language):
            send_text(scope, number_of(holder.phone_sealed), gettext(body))
    except NoCarrier:
        return


@transaction.atomic
def forget_claims(scope: Scope) -> int:
    """Empties what was typed in claims that were decided a month ago; how many."""
    if not scope.is_system:
        raise NotAllowed
    old = Claim.objects.filter(decided_at__lt=now() - FORGOTTEN_AFTER).exclude(full_name="")
    matched = Claim.objects.filter(state=State.MATCHED, made_at__lt=now() - FORGOTTEN_AFTER).exclude(full_name="")
    empty = {"full_name": "", "born_on": None, "birth_year": 0, "id_number_sealed": None, "address": ""}
    return record_deleted(scope, "wallet:claim:forget", old.update(**empty) + matched.update(**empty))
