"""Reads of keys and lists: what each key is doing, the newest trust list, the newest status list."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from ksdb.cards.keys import key_path
from ksdb.cards.life import CARDS_PER_KEY, KeyState
from ksdb.cards.models import IssuerKey, StatusList, TrustList
from ksdb.cards.trusting import trusted
from ksdb.core.clock import now
from ksdb.core.scope import Permission, Scope
from ksdb.core.token import IssuerKey as TrustedKey
from ksdb.core.token import Usage, expiry
from ksdb.core.trust_list import TrustList as Trust
from ksdb.postgres.named import sql


@dataclass(frozen=True)
class KeyShown:
    """A key for the administrator."""

    kid: int
    usage: Usage
    state: KeyState
    signed: int
    not_before: datetime
    not_after: datetime
    announced_in: int | None
    has_file: bool


def keys_shown(scope: Scope) -> list[KeyShown]:
    """Every key with its state, oldest first."""
    scope.require(Permission.CARDS_KEY_MANAGE)
    has_list = TrustList.objects.exists()
    keys = IssuerKey.objects.order_by("kid")
    return [_shown(key, has_list=has_list) for key in keys]


def _shown(key: IssuerKey, *, has_list: bool) -> KeyShown:
    return KeyShown(
        kid=key.kid,
        usage=Usage(key.usage),
        state=_state(key, has_list=has_list),
        signed=key.signature_count,
        not_before=key.not_before,
        not_after=key.not_after,
        announced_in=key.announced_in,
        has_file=key_path(key.kid, bytes(key.public_key)).exists(),
    )


def _state(key: IssuerKey, *, has_list: bool) -> KeyState:
    if key.retired_at:
        return KeyState.RETIRED
    if key.not_after <= now():
        return KeyState.ENDED
    if key.closed_at:
        return KeyState.CLOSED
    if has_list and key.announced_in is None:
        return KeyState.WAITS
    return KeyState.FULL if key.usage == Usage.CARD and key.signature_count >= CARDS_PER_KEY else KeyState.SIGNS


def cards_hit(scope: Scope, kid: int) -> int:
    """How many cards that could be shown today were signed by a key."""
    scope.require(Permission.CARDS_KEY_MANAGE)
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "cards_of_key"), {"kid": kid, "at": now()})
        return int(cursor.fetchone()[0])


def newest_trust_list(scope: Scope) -> TrustList | None:
    scope.require(Permission.CARDS_KEY_MANAGE)
    return TrustList.objects.order_by("-serial").first()


def next_trust_list(scope: Scope) -> Trust:
    """All keys as they stand, under the next serial: greater than any before, also after a restored backup."""
    scope.require(Permission.CARDS_KEY_MANAGE)
    newest = newest_trust_list(scope)
    seconds = expiry(now())
    serial = max(seconds, newest.serial + 1 if newest else 1)
    return Trust(serial, seconds, _all_keys())


def _all_keys() -> tuple[TrustedKey, ...]:
    return tuple(trusted(key) for key in IssuerKey.objects.order_by("kid"))


def newest_status_list(scope: Scope) -> StatusList | None:
    scope.require(Permission.CARDS_KEY_MANAGE)
    return StatusList.objects.order_by("-serial").first()
