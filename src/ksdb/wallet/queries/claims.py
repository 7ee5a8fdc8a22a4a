"""Reads of claims: whom the registry may mean, what waits for a ward, what a holder asked for."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from ksdb.access.sealing import opened, sealer
from ksdb.audit.actions import record, record_many
from ksdb.core.clock import today
from ksdb.core.errors import NotFound
from ksdb.core.names import search_key
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.queries import within
from ksdb.registry.models import Resident
from ksdb.registry.sealing import ID_NUMBER
from ksdb.wallet.asking import CLAIMED_ID
from ksdb.wallet.claiming import Evidence, Facts, Known, evidence, is_sure
from ksdb.wallet.models import Claim
from ksdb.wallet.numbers import number_of, registry_key
from ksdb.wallet.queries import Keeper, Mine, holdings_of

MOST_CANDIDATES = 5


@dataclass(frozen=True)
class Match:
    """The one record that a claim fits best, with what fits; `is_sure`: no officer need look."""

    known: Known | None
    found: frozenset[Evidence]
    is_sure: bool


@dataclass(frozen=True)
class Candidate:
    """A record that an officer may confirm, with what fits it."""

    resident: Resident
    found: frozenset[Evidence]


def registry_match(scope: Scope, mine: Mine, facts: Facts) -> Match:
    """Whom of the registry the facts mean. The same two queries whether there is somebody or not.

    Not audited: nothing of a record is shown, and who is not sure learns nothing.
    """
    if scope.is_system:
        raise NotFound
    households, own = _households(mine), registry_key(mine.holder.phone_sealed)
    people = [_known(one, facts, households, own) for one in _people(facts, households)]
    ranked = sorted(people, key=lambda one: (-len(evidence(facts, one)), one.resident_id))
    best = ranked[0] if ranked else None
    if best is None:
        return Match(None, frozenset(), is_sure=False)
    is_one = len(ranked) == 1 or len(evidence(facts, ranked[1])) < len(evidence(facts, best))
    return Match(best, evidence(facts, best), is_sure=is_one and is_sure(facts, best, today().year))


def _people(facts: Facts, households: list[int]) -> list[Resident]:
    """Whoever has the number that was typed, and whoever is called so in a household that the phone belongs to."""
    number = sealer().match_key(ID_NUMBER, facts.id_number or "none")
    of_number = Q(id_number_key=number) | Q(old_id_number_key=number)
    named = Q(household__in=households, search_key=search_key(facts.full_name), merged_into=None)
    people = Resident.objects.filter(of_number | named).select_related("merged_into")
    found = {one.merged_into_id or one.pk: one.merged_into or one for one in people}
    return list(found.values())


def _households(keeper: Keeper) -> list[int]:
    """The holder's own household, and those of whoever is registered with this phone's number."""
    of_phone = Resident.objects.filter(phone_key=registry_key(keeper.holder.phone_sealed), merged_into=None)
    own = keeper.own.household_id if keeper.own else None
    return [one for one in {own, *of_phone.values_list("household_id", flat=True)} if one is not None]


def _known(one: Resident, facts: Facts, households: list[int], phone_key: bytes) -> Known:
    numbers = {bytes(key) for key in (one.id_number_key, one.old_id_number_key) if key}
    return Known(
        resident_id=one.pk,
        search_key=one.search_key,
        birth_year=one.birth_year,
        born_on=one.born_on,
        has_id_number=one.id_number_key is not None,
        is_of_number=bool(facts.id_number) and sealer().match_key(ID_NUMBER, facts.id_number) in numbers,
        is_of_phone=one.phone_key is not None and bytes(one.phone_key) == phone_key,
        is_of_household=one.household_id in households,
    )


def claims_of(scope: Scope, mine: Mine) -> list[Claim]:
    """What the holder asked for and is not decided, or was refused lately; latest first."""
    if scope.is_system:
        raise NotFound
    shown = (Claim.State.WAITING, Claim.State.REFUSED)
    found = Claim.objects.filter(holder=mine.holder, state__in=shown).exclude(full_name="")
    return list(found.select_related("division").order_by("-made_at")[:10])


def claims_waiting(scope: Scope) -> QuerySet[Claim]:
    """Claims of the jurisdiction that nobody decided yet, longest waiting first."""
    waiting = Claim.objects.filter(within(scope, Permission.WALLET_CLAIM_DECIDE), state=Claim.State.WAITING)
    return waiting.select_related("division__parent").order_by("made_at", "id")


def claim(scope: Scope, claim_id: int) -> Claim:
    """A claim of the jurisdiction. Raises NotFound."""
    found = Claim.objects.filter(within(scope, Permission.WALLET_CLAIM_DECIDE), pk=claim_id)
    one = found.exclude(state=Claim.State.MATCHED).select_related("division__parent", "holder").first()
    if one is None:
        raise NotFound
    return one


def id_number_of(scope: Scope, claim_id: int) -> str:
    """The number that was typed, for the officer who compares it with the person's papers."""
    sealed = claim(scope, claim_id).id_number_sealed
    return opened(CLAIMED_ID, bytes(sealed)) if sealed else ""


def phone_of_claim(scope: Scope, claim_id: int) -> str:
    """The number of the phone that is to keep the card."""
    return number_of(claim(scope, claim_id).holder.phone_sealed)


def candidates_for(scope: Scope, claim_id: int) -> list[Candidate]:
    """Records of the jurisdiction that may be meant, those that fit best first; each is audited as read.

    So is the claim itself, which says somebody's name and numbers, also where the registry knows nobody.
    """
    asked = claim(scope, claim_id)
    record(scope, "wallet:claim:read", ("claim", claim_id), Purpose.REGISTRATION)
    number = id_number_of(scope, claim_id)
    facts = _facts_of(asked, number)
    key = sealer().match_key(ID_NUMBER, number or "none")
    named = Q(search_key=search_key(asked.full_name), birth_year=asked.birth_year)
    inside = within(scope, Permission.WALLET_CLAIM_DECIDE)
    meant = Q(id_number_key=key) | Q(old_id_number_key=key) | named | Q(pk=asked.resident_id)
    people = Resident.objects.filter(inside & meant, merged_into=None).select_related("division__parent", "household")
    keeper = Keeper(asked.holder, list(holdings_of(scope, asked.holder)))
    households, own = _households(keeper), registry_key(keeper.holder.phone_sealed)
    found = [Candidate(one, evidence(facts, _known(one, facts, households, own))) for one in people[:50]]
    shown = sorted(found, key=lambda one: (-len(one.found), one.resident.pk))[:MOST_CANDIDATES]
    subjects = [("resident", one.resident.pk) for one in shown]
    record_many(scope, Permission.WALLET_CLAIM_DECIDE, subjects, Purpose.REGISTRATION, {"claim": claim_id})
    return shown


def _facts_of(asked: Claim, id_number: str) -> Facts:
    return Facts(
        asked.full_name,
        asked.birth_year,
        asked.born_on,
        id_number,
        asked.relation,
        asked.division_id,
        asked.address,
    )
