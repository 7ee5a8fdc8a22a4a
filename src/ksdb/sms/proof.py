"""What a session keeps while somebody proves to hold a phone number; the number itself only sealed."""

import hmac
import secrets
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from ksdb.access.sealing import opened, sealer
from ksdb.core.clock import now

KEY = "phone_proof"
NUMBERS = "phone_numbers_since"
PHONE = "sms_phone"
BODY = "sms_body"
CODE_SECONDS = 10 * 60
PROVEN_SECONDS = 30 * 60


@dataclass(frozen=True)
class Proof:
    """A number that a code was sent to, or that the right code came back from, until an instant."""

    sealed: str
    number: str
    code: str
    until: int
    is_proven: bool

    @property
    def phone(self) -> str:
        return opened(PHONE, b64decode(self.sealed))

    def fits(self, code: str) -> bool:
        return hmac.compare_digest(self.code, _hashed(self.number, code))


def _hashed(number: str, code: str) -> str:
    """Keyed: a stolen table of sessions does not tell six digits."""
    return sealer().match_key("sms_code", f"{number}:{code}").hex()


def begun(phone: str, code: str) -> Proof:
    """Without a code nothing proves it: that is how a session is answered to which nothing was sent."""
    number = secrets.token_hex(16)
    sealed = b64encode(sealer().seal(PHONE, phone)).decode()
    hashed = _hashed(number, code) if code else secrets.token_hex(16)
    return Proof(sealed, number, hashed, _in(CODE_SECONDS), is_proven=False)


def _in(seconds: int) -> int:
    return int(now().timestamp()) + seconds


def keep(session: SessionBase, proof: Proof) -> None:
    session[KEY] = asdict(proof)


def kept(session: SessionBase) -> Proof | None:
    """The session's proof, while it holds."""
    found: dict[str, Any] | None = session.get(KEY)
    proof = Proof(**found) if found else None
    return proof if proof is not None and proof.until > now().timestamp() else None
