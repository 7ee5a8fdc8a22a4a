"""Writes of keys and trust lists: rotate, retire, take in a list that the offline root signed."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection, transaction

from ksdb.approvals.actions import require_second_person
from ksdb.approvals.kinds import Kind
from ksdb.audit.actions import record, record_many
from ksdb.cards.actions import digest, make_issuer_key, people
from ksdb.cards.life import Reason
from ksdb.cards.models import IssuerKey, TrustList
from ksdb.cards.queries.keys import cards_hit, newest_trust_list, next_trust_list
from ksdb.core.clock import now
from ksdb.core.cose import ListFault
from ksdb.core.errors import KsdbError, NotFound
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.core.token import Usage
from ksdb.core.trust_list import TrustList as Trust
from ksdb.core.trust_list import check_list
from ksdb.postgres.named import sql


class NoSuccessor(KsdbError):
    """No newer key may sign yet. Run `ksdb keys make`, have the trust list signed and imported, then rotate."""

    code = "no_successor"
    status = 409


class TrustListRefused(KsdbError):
    """This trust list is not taken in, and nothing was changed. What is wrong with it stands below."""

    code = "trust_list_refused"
    status = 422


WHY_REFUSED: Final = {
    ListFault.UNREADABLE: "it is damaged or no trust list; copy the file again",
    ListFault.NOT_OURS: "it is something else than a trust list of this version",
    ListFault.UNKNOWN_KEY: "another root signed it than the one that is pinned here",
    ListFault.BAD_SIGNATURE: "its signature is wrong; it was altered after it was signed",
    ListFault.OLDER: "it is not newer than the list that is in use; export and sign a new one",
}


@transaction.atomic
def rotate_key(scope: Scope, usage: Usage = Usage.CARD) -> IssuerKey:
    """The newest key of the usage signs from now on, those before it no more; what they signed stays good.

    Without a trust list a new key is made at once; with one, it must have been made and announced. Raises NoSuccessor.
    """
    scope.require(Permission.CARDS_KEY_MANAGE)
    newest = make_issuer_key(scope, usage=usage) if not TrustList.objects.exists() else _announced(usage)
    older = IssuerKey.objects.filter(usage=usage, closed_at=None, retired_at=None, kid__lt=newest.kid)
    closed = list(older.values_list("kid", flat=True))
    if not closed and TrustList.objects.exists():
        raise NoSuccessor
    older.update(closed_at=now())
    detail = {"act": "rotate", "usage": usage, "closed": closed}
    record(scope, Permission.CARDS_KEY_MANAGE, subject=("issuer_key", newest.kid), detail=detail)
    return newest


def _announced(usage: Usage) -> IssuerKey:
    usable = IssuerKey.objects.filter(usage=usage, closed_at=None, retired_at=None, announced_in__isnull=False)
    newest = usable.order_by("-kid").first()
    if newest is None:
        raise NoSuccessor
    return newest


@transaction.atomic
def retire_key(scope: Scope, kid: int) -> int:
    """From now on nothing this key signed is believed, and its cards are revoked; returns how many.

    Raises NotFound, SecondPersonNeeded where it takes more than ten cards along; the command line goes on alone, and
    the trail says so.
    Gateways hear of it at once, scanners with the next status list; the trust list that says so too needs the root.
    """
    scope.require(Permission.CARDS_KEY_MANAGE)
    key = IssuerKey.objects.select_for_update().filter(pk=kid, retired_at=None).first()
    if key is None:
        raise NotFound
    require_second_person(scope, Kind.BULK_REVOKE, cards_hit(scope, kid))
    key.retired_at = now()
    key.save(update_fields=["retired_at"])
    with connection.cursor() as cursor:
        cursor.execute(
            sql("ksdb.cards", "revoke_of_key"), {"kid": kid, "at": key.retired_at, "reason": Reason.KEY_RETIRED}
        )
        hit = dict(cursor.fetchall())
    detail = {"act": "retire", "usage": key.usage, "cards": len(hit), "indexes": digest(hit)}
    record(scope, Permission.CARDS_KEY_MANAGE, subject=("issuer_key", kid), detail=detail)
    lost = {"key": kid, "reason": Reason.KEY_RETIRED}
    record_many(scope, Permission.CARDS_CARD_REVOKE, people(hit.values()), Purpose.CARD_SERVICE, lost)
    return len(hit)


@transaction.atomic
def import_trust_list(scope: Scope, signed: bytes, root: ec.EllipticCurvePublicKey) -> Trust:
    """Takes in a signed list: devices get it from now on, and the keys it names may sign.

    Raises TrustListRefused when it is not this root's, not newer, or names other keys than this database holds.
    """
    scope.require(Permission.CARDS_KEY_MANAGE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('ksdb.cards.trust_list'))")
    newest = newest_trust_list(scope)
    trust = check_list(signed, root, newest.serial + 1 if newest else 0)
    if isinstance(trust, ListFault):
        raise TrustListRefused(WHY_REFUSED.get(trust, trust.value))
    if trust.keys != next_trust_list(scope).keys:
        raise TrustListRefused("keys were made or retired since it was exported; export and sign a new one")
    TrustList.objects.create(serial=trust.serial, signed=signed, imported_at=now())
    kids = [key.kid for key in trust.keys]
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.cards", "announce_keys"), {"serial": trust.serial, "kids": kids})
    detail = {"act": "trust", "serial": trust.serial, "kids": kids}
    record(scope, Permission.CARDS_KEY_MANAGE, subject=None, detail=detail)
    return trust
