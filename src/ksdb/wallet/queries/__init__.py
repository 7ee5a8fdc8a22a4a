"""Reads of holders, their phones, and whose cards they keep."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from ksdb.core.errors import NotFound
from ksdb.core.scope import Scope
from ksdb.postgres.named import sql
from ksdb.registry.models import Resident
from ksdb.registry.queries import identities_of
from ksdb.wallet.asking import WALLET_PHONE
from ksdb.wallet.models import Holder, Holding, Phone
from ksdb.wallet.numbers import registry_key

__all__ = ["WALLET_PHONE", "Holder", "Keeper", "Mine", "holdings_of", "on_behalf", "own_resident", "signed_in_phone"]

ROOM = "ksdb.wallet"
# The columns of `signed_in`, in its order.
PHONE = ["id", "holder_id", "token_sha256", "chosen_id", "device_point", "began_at", "seen_at", "ended_at"]
HOLDER = ["id", "phone_sealed", "phone_key", "language", "created_at"]
HOLDING = ["id", "holder_id", "resident_id", "relation", "guardian_id", "evidence", "since", "until"]
SHOWN = ["id", "household_id", "full_name", "birth_year"]


@dataclass(frozen=True)
class Keeper:
    """A holder with the household whose cards he keeps."""

    holder: Holder
    holdings: Sequence[Holding]

    @property
    def own(self) -> Resident | None:
        """The record of the holder himself."""
        return next((one.resident for one in self.holdings if one.relation == Holding.Relation.SELF), None)

    @property
    def resident_ids(self) -> frozenset[int]:
        return frozenset(one.resident_id for one in self.holdings)

    def scope(self, address: str) -> Scope:
        """The holder acts for the household whose cards he keeps, and for nobody else."""
        return Scope(None, address=address, actor_name=f"holder:{self.holder.pk}", own=self.resident_ids)


@dataclass(frozen=True)
class Mine(Keeper):
    """What a signed-in phone may see: its holder, the household whose cards it keeps, and the one it shows now."""

    phone: Phone

    @property
    def chosen(self) -> Holding | None:
        """The member whose pages are shown: the one chosen, else the first."""
        wanted = next((one for one in self.holdings if one.pk == self.phone.chosen_id), None)
        return wanted or next(iter(self.holdings), None)


def signed_in_phone(scope: Scope, token: str) -> Mine | None:
    """Who a phone's cookie belongs to, while its session lasts. One query by a unique key, as each page asks it.

    Of a resident only what the pages show of a household; the rest is fetched where it is asked for.
    """
    seen_after, began_after = Phone.bounds()
    digest = hashlib.sha256(token.encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "signed_in"), {"digest": digest, "seen_after": seen_after, "began_after": began_after})
        rows = cursor.fetchall()
    return _mine(rows) if rows and not scope.is_system else None


def _mine(rows: Sequence[tuple[Any, ...]]) -> Mine:
    phone = Phone.from_db(connection.alias, PHONE, rows[0][:8])
    phone.holder = Holder.from_db(connection.alias, HOLDER, rows[0][8:13])
    return Mine(phone.holder, [_holding(row[13:]) for row in rows if row[13] is not None], phone)


def _holding(row: tuple[Any, ...]) -> Holding:
    kept = Holding.from_db(connection.alias, HOLDING, row[:8])
    kept.resident = Resident.from_db(connection.alias, SHOWN, row[8:])
    return kept


def holdings_of(scope: Scope, holder: Holder) -> QuerySet[Holding]:
    """Whose cards the holder keeps, in the order in which they came: the own one is usually the first."""
    if scope.is_system:
        raise NotFound
    kept = Holding.objects.filter(holder=holder, until=None).select_related("resident")
    return kept.order_by("since", "id")


def is_known_elsewhere(scope: Scope, holder: Holder, resident_id: int) -> bool:
    """Whether anybody could be told that the holder keeps that card: mostly there is nobody."""
    records = identities_of(on_behalf(scope), [resident_id])
    asked: dict[str, Any] = {"records": records, "holder": holder.pk, "phone_key": registry_key(holder.phone_sealed)}
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "known_elsewhere"), asked)
        return bool(cursor.fetchone()[0])


def own_resident(scope: Scope, resident_id: int) -> Resident:
    """The record of a resident whose card the holder keeps. Not audited: it is the resident's own look."""
    scope.require_own(resident_id)
    found = Resident.objects.select_related("division__parent", "household").filter(pk=resident_id).first()
    if found is None:
        raise NotFound
    return found


def on_behalf(scope: Scope) -> Scope:
    """The system acts for the holder, in his name, after `scope.require_own` said that he may."""
    return replace(scope, is_system=True)
