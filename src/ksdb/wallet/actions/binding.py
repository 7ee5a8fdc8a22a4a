"""The electronic card comes to a phone, is renewed there, and goes to another; the phone proves that it has its key."""

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import transaction

from ksdb.access.actions import spend
from ksdb.access.limits import Limit
from ksdb.cards.actions.binding import Bound, KeyUnreadable, bind_card
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Scope
from ksdb.notices.actions import make_notices
from ksdb.notices.kinds import Kind
from ksdb.wallet.models import Phone
from ksdb.wallet.queries import Mine, on_behalf

BINDINGS: Final = Limit("card_bindings", 40, 24 * 60 * 60)
TAKE_OVERS: Final = Limit("card_take_overs", 5, 24 * 60 * 60)
PROOF_SECONDS: Final = 5 * 60


class OtherKey(KsdbError):
    """This phone has lost the key that it had for its cards. Sign out, then sign in again with your phone number."""

    code = "other_device_key"
    status = 409


@dataclass(frozen=True)
class Proof:
    """The phone's public key (compressed), and its signature over what is asked for at a time the server gave."""

    point: bytes
    at: int
    signature: bytes


def _said(resident_id: int, at: int) -> bytes:
    """What the phone signs to show that it has its key."""
    return f"ksdb bind {resident_id} {at}".encode()


@transaction.atomic
def bring_card(scope: Scope, mine: Mine, resident_id: int, proof: Proof, *, takes_over: bool) -> Bound:
    """The electronic card of a resident of the holder's, bound to this phone's key for 14 days.

    The first key a phone shows stays its key: a stolen cookie brings no card anywhere. Raises OnAnotherPhone unless
    it takes over, OtherKey, NotThisStatus where the card is blocked, TooManyAttempts.
    """
    scope.require_own(resident_id)
    spend(scope, BINDINGS, str(mine.phone.pk))
    _require_key(resident_id, proof)
    phone = Phone.objects.select_for_update().get(pk=mine.phone.pk)
    if phone.device_point is None:
        phone.device_point = proof.point
        phone.save(update_fields=["device_point"])
    elif bytes(phone.device_point) != proof.point:
        raise OtherKey
    if takes_over:
        spend(scope, TAKE_OVERS, str(resident_id))
    bound = bind_card(on_behalf(scope), resident_id, proof.point, takes_over=takes_over)
    if takes_over:
        make_notices(scope, Kind.CARD_MOVED, f"card:{bound.card.pk}", {resident_id: {}})
    return bound


def _require_key(resident_id: int, proof: Proof) -> None:
    """Raises KeyUnreadable unless the phone signed just now, with the key that it names."""
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), proof.point)
        r, s = (int.from_bytes(half, "big") for half in (proof.signature[:32], proof.signature[32:]))
        key.verify(encode_dss_signature(r, s), _said(resident_id, proof.at), ec.ECDSA(SHA256()))
    except (ValueError, InvalidSignature) as error:
        raise KeyUnreadable from error
    if len(proof.signature) != 64 or abs(now().timestamp() - proof.at) > PROOF_SECONDS:
        raise KeyUnreadable
