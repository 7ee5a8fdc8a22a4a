"""Writes of cards: keys, issue, activation, change of status."""

import hashlib
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Max

from ksdb.approvals.actions import require_second_person
from ksdb.approvals.kinds import Kind
from ksdb.audit.actions import record, record_many
from ksdb.cards.keys import SigningKey, new_private_key, public_bytes, signing_key, write_key
from ksdb.cards.life import (
    ALLOWED,
    INDEX_CAPACITY,
    KEY_LIFE,
    KEY_MARGIN,
    LIVE,
    REASONS,
    HasLiveCard,
    NoIssuerKey,
    NotInLedger,
    NotThisStatus,
    Reason,
    card_expiry,
)
from ksdb.cards.models import Card, IssuerKey, Signature
from ksdb.cards.queries import keys_with_room, residents_without_card
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotFound
from ksdb.core.ids import random_card_number
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.token import Claims, Form, Usage, expiry, sign_token
from ksdb.places.queries import covers
from ksdb.postgres.copying import copy_in
from ksdb.postgres.named import sql

T = TypeVar("T", int, str)

PROGRESS_STEP = 1000
MOST_PER_BATCH = 2000

_CARD_INSTANTS = ("status_since", "issued_at", "expires_at")
_CARD_COLUMNS = ("index", "number", "resident_id", "form", "status", "reason", *_CARD_INSTANTS)
_LEDGER_COLUMNS = ["card_index", "kid", "token_sha256", "signed_at", "actor_id"]


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A new card, not activated yet. The token is given out here and not stored: signing again makes the same one."""

    index: int
    number: str
    resident_id: int
    token: str


@dataclass(frozen=True, slots=True)
class _Signed:
    card: IssuedCard
    kid: int


@transaction.atomic
def make_issuer_key(scope: Scope, margin: timedelta = KEY_MARGIN, usage: Usage = Usage.CARD) -> IssuerKey:
    """A new key for cards or for status lists: its row, its file; valid from `margin` before now, three years."""
    scope.require(Permission.CARDS_KEY_MANAGE)
    kid = (IssuerKey.objects.aggregate(last=Max("kid"))["last"] or 0) + 1
    private_key = new_private_key()
    at = now()
    key = IssuerKey.objects.create(
        kid=kid,
        public_key=public_bytes(private_key),
        usage=usage,
        not_before=at - margin,
        not_after=at + KEY_LIFE,
    )
    write_key(kid, private_key)
    record(scope, Permission.CARDS_KEY_MANAGE, subject=("issuer_key", kid), detail={"act": "make", "usage": usage})
    return key


@transaction.atomic
def issue_cards(
    scope: Scope, resident_ids: Sequence[int], form: Form, progress: Callable[[int], None] = lambda _: None
) -> list[IssuedCard]:
    """Issues a card to each resident, all or none, in the order given. `progress` hears how many are signed.

    Raises NotFound when one lies outside the jurisdiction, HasLiveCard when one has a live card of the form,
    NoIssuerKey when the keys have no room, SecondPersonNeeded when there are more than 50. One transaction that holds
    back other issues: give it a commune at a time.
    """
    require_second_person(scope, Kind.BULK_ISSUE, len(resident_ids))
    return issue_approved(scope, resident_ids, form, progress)


@transaction.atomic
def issue_approved(
    scope: Scope, resident_ids: Sequence[int], form: Form, progress: Callable[[int], None] = lambda _: None
) -> list[IssuedCard]:
    """As `issue_cards`, after a second person has agreed to so many."""
    at = now()
    _lock_issue()
    _check_residents(scope, resident_ids, form, at)
    signed = _signed_cards(scope, resident_ids, form, at, progress)
    with connection.cursor() as cursor:
        copy_in(cursor.cursor, "card", _CARD_COLUMNS, _card_rows(signed, form, at))
        copy_in(cursor.cursor, "card_signature", _LEDGER_COLUMNS, _ledger_rows(scope, signed, at))
    detail = {"count": len(signed), "form": form.name.lower(), "indexes": digest(s.card.index for s in signed)}
    record_many(scope, Permission.CARDS_CARD_ISSUE, people(resident_ids), Purpose.CARD_SERVICE, detail)
    return [s.card for s in signed]


def issue_missing(scope: Scope, division_id: int, form: Form, limit: int = MOST_PER_BATCH) -> int:
    """Issues cards to residents of a division who have no live card, the first `limit` in walking order."""
    resident_ids = residents_without_card(scope, division_id)[:limit]
    return len(issue_cards(scope, resident_ids, form))


def _lock_issue() -> None:
    # One issue at a time: else two desks could draw the same index, or give one resident two cards.
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ksdb.cards.issue'))")


def _check_residents(scope: Scope, resident_ids: Sequence[int], form: Form, at: datetime) -> None:
    outer = scope.outer(Permission.CARDS_CARD_ISSUE)
    parameters: dict[str, Any] = {
        "residents": list(resident_ids),
        "form": int(form),
        "live": [int(status) for status in LIVE],
        "at": at,
        "outer": outer,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "residents_to_card"), parameters)
        inside_count, live_count = cursor.fetchone()
    if inside_count != len(resident_ids):
        raise NotFound
    if live_count:
        raise HasLiveCard


def _signed_cards(
    scope: Scope, resident_ids: Sequence[int], form: Form, at: datetime, progress: Callable[[int], None]
) -> list[_Signed]:
    expires_at = card_expiry(at)
    indexes = _free(len(resident_ids), _draw_indexes, "taken_indexes")
    numbers = _free(len(resident_ids), _draw_numbers, "taken_numbers")
    keys = _keys_for(scope, len(resident_ids), expires_at)
    signed = []
    for index, number, resident_id, key in zip(indexes, numbers, resident_ids, keys, strict=True):
        token = sign_token(Claims(index, form, expiry(expires_at)), key.kid, key.private_key)
        signed.append(_Signed(IssuedCard(index, number, resident_id, token), key.kid))
        if len(signed) % PROGRESS_STEP == 0 or len(signed) == len(resident_ids):
            progress(len(signed))
    return signed


def _keys_for(scope: Scope, count: int, expires_at: datetime) -> Iterator[SigningKey]:
    """A key for each of `count` cards, the oldest with room first."""
    left = count
    for room in keys_with_room(scope, expires_at):
        take = min(left, room.room)
        if take == 0:
            return
        key = signing_key(room.kid, room.point)
        for _ in range(take):
            yield key
        left -= take
    if left:
        raise NoIssuerKey


def _free(count: int, draw: Callable[[int], Collection[T]], taken_query: str) -> list[T]:
    """`count` random values that no card has, in random order."""
    kept: list[T] = []
    while len(kept) < count:
        drawn = draw(count - len(kept))
        with connection.cursor() as cursor:
            cursor.execute(sql("ksdb.cards", taken_query), {"drawn": list(drawn)})
            taken = {value for (value,) in cursor.fetchall()} | set(kept)
        kept += [value for value in drawn if value not in taken]
    return kept


def _draw_indexes(count: int) -> Collection[int]:
    return secrets.SystemRandom().sample(range(1, INDEX_CAPACITY), count)


def _draw_numbers(count: int) -> Collection[str]:
    return dict.fromkeys(random_card_number() for _ in range(count))


def _card_rows(signed: Iterable[_Signed], form: Form, at: datetime) -> Iterator[tuple[object, ...]]:
    expires_at = card_expiry(at)
    for each in signed:
        card = each.card
        yield card.index, card.number, card.resident_id, int(form), int(CardStatus.ISSUED), "", at, at, expires_at


def _ledger_rows(scope: Scope, signed: Iterable[_Signed], at: datetime) -> Iterator[tuple[object, ...]]:
    for each in signed:
        yield each.card.index, each.kid, token_sha256(each.card.token), at, scope.actor_id


def token_of(scope: Scope, index: int) -> str:
    """The token of a card, signed again: the same digits, or NotInLedger. Raises NotFound outside the jurisdiction."""
    card = Card.objects.select_related("resident").filter(pk=index).first()
    if card is None or not covers(scope, Permission.CARDS_CARD_PRINT, card.resident.division_id):
        raise NotFound
    line = Signature.objects.filter(card_index=index).latest("pk")
    record(scope, "cards:token:read", subject=("resident", card.resident_id), purpose=Purpose.CARD_SERVICE)
    claims = Claims(index, Form(card.form), expiry(card.expires_at))
    return _signed_again(claims, _key_of(line.kid), bytes(line.token_sha256))


def _key_of(kid: int) -> SigningKey:
    return signing_key(kid, bytes(IssuerKey.objects.get(pk=kid).public_key))


def _signed_again(claims: Claims, key: SigningKey, ledger_sha256: bytes) -> str:
    # Signing repeats itself (RFC 6979), so a second print is the same token and adds no line to the ledger.
    token = sign_token(claims, key.kid, key.private_key)
    if token_sha256(token) != ledger_sha256:
        raise NotInLedger
    return token


def token_sha256(token: str) -> bytes:
    """What the ledger keeps of a token."""
    return hashlib.sha256(token.encode()).digest()


def digest(indexes: Iterable[int]) -> str:
    """A hash of a set of card indexes: one line of audit names a batch without listing it."""
    return hashlib.sha256(b"".join(index.to_bytes(4, "big") for index in sorted(indexes))).hexdigest()


@transaction.atomic
def activate_cards(scope: Scope, indexes: Sequence[int]) -> int:
    """Activates issued cards, all or none; returns how many. From now on their scans are accepted.

    Raises NotThisStatus when one is not issued, has expired, or lies outside the jurisdiction.
    """
    parameters: dict[str, Any] = {
        "indexes": list(indexes),
        "issued": int(CardStatus.ISSUED),
        "active": int(CardStatus.ACTIVE),
        "at": now(),
        "outer": scope.outer(Permission.CARDS_CARD_ISSUE),
    }
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "activate"), parameters)
        changed = int(cursor.rowcount)
    if changed != len(set(indexes)):
        raise NotThisStatus
    detail = {"count": changed, "indexes": digest(set(indexes))}
    holders = Card.objects.filter(pk__in=indexes).order_by("pk").values_list("resident_id", flat=True)
    record_many(scope, "cards:card:activate", people(holders), Purpose.CARD_SERVICE, detail)
    return changed


def people(resident_ids: Iterable[int]) -> list[tuple[str, int]]:
    """Whom entries of the trail name, one each: so everybody finds an act on many in the own trail."""
    return [("resident", resident_id) for resident_id in resident_ids]


@transaction.atomic
def change_status(scope: Scope, index: int, status: CardStatus, reason: Reason) -> Card:
    """Suspends a card, takes a suspended one back into use, or revokes it for good.

    Raises NotFound outside the jurisdiction, NotThisStatus where the card's life or the reason does not allow it.
    """
    cards = Card.objects.select_for_update(of=("self",)).select_related("resident")
    card = cards.filter(pk=index).first()
    if card is None or not covers(scope, Permission.CARDS_CARD_REVOKE, card.resident.division_id):
        raise NotFound
    before = CardStatus(card.status)
    is_first_activation = before == CardStatus.ISSUED and status == CardStatus.ACTIVE
    if status not in ALLOWED.get(before, ()) or is_first_activation or reason not in REASONS[status]:
        raise NotThisStatus
    card.status, card.reason, card.status_since = status, reason, now()
    card.save(update_fields=["status", "reason", "status_since"])
    detail = {"card": index, "from": before.name.lower(), "to": status.name.lower(), "reason": reason}
    record(scope, Permission.CARDS_CARD_REVOKE, subject=("resident", card.resident_id), detail=detail)
    return card
