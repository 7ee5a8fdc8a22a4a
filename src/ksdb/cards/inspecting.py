"""What a code on a card says, in words, step by step in reading order; knows no table and no person."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.utils.translation.trans_real import gettext_noop as _

from ksdb.core.clock import ZONE
from ksdb.core.status_list import Listed, StatusList
from ksdb.core.token import (
    Form,
    IssuerKey,
    SignedToken,
    TokenFault,
    digit_count,
    is_signed_by,
    read_token,
    usable_key,
)

MOST_SHOWN: Final = 4096
"""Longer texts are not looked at: no code holds them."""
_USUAL_DIGITS: Final = 1 + digit_count(97)

FAULTS: Final = {
    TokenFault.UNREADABLE: _("unreadable: these are not the digits of a ksdb card. Scan it again, or type its number."),
    TokenFault.NOT_OURS: _("not_ours: the code can be read, but it is not a ksdb card of this version."),
    TokenFault.UNKNOWN_KEY: _(
        "unknown_key: no key of the trust list signed it. It is forged, or the trust list is old."
    ),
    TokenFault.KEY_NOT_VALID: _("key_not_valid: the key may not sign cards, or not at this time, or it was retired."),
    TokenFault.BAD_SIGNATURE: _("bad_signature: the signature is wrong. The code was altered or is forged."),
    TokenFault.EXPIRED: _("expired: the card was good and has run out. The holder needs a new one."),
}
GOOD: Final = _("Good: signed by a key of the trust list, and not expired.")
UNPROVED: Final = _("Not proved: without a trust list nobody can say who signed it. Give one with --trust.")
FORMS: Final = {Form.ELECTRONIC: _("electronic"), Form.PAPER: _("paper"), Form.PLASTIC: _("plastic")}
LISTED: Final = {
    Listed.VALID: _("valid"),
    Listed.INVALID: _("revoked"),
    Listed.SUSPENDED: _("suspended"),
    Listed.ATTENTION: _("ask the ward: not activated, or something is to be looked at"),
}
_STRANGERS: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda text: text.startswith("HC1:"), _("It looks like a health certificate (HC1), such as a vaccine passport.")),
    (lambda text: text.count("|") >= 5, _("It looks like an identity card, a health insurance card or a personal QR.")),
    (lambda text: text.lower().startswith(("http:", "https:")), _("It is a web address. Do not open it unseen.")),
)

Say = Callable[[str], str]


@dataclass(frozen=True)
class Inspection:
    """The lines to show, and the first fault: None when the code is good or cannot be proved."""

    lines: tuple[tuple[str, str], ...]
    verdict: str
    fault: TokenFault | None
    is_proved: bool


def inspect(
    text: str, trust: Mapping[int, IssuerKey] | None, at: datetime, say: Say, statuses: StatusList | None = None
) -> Inspection:
    """Explains any text. What it holds is never repeated unless it is the number of a card or a key."""
    stripped = text.strip()
    length = (say(_("Length of the text")), say(_("%(count)s characters; a card has %(usual)s digits")))
    lines = [(length[0], length[1] % {"count": len(stripped), "usual": _USUAL_DIGITS})]
    read = read_token(stripped) if len(stripped) <= MOST_SHOWN else TokenFault.UNREADABLE
    if isinstance(read, TokenFault):
        lines += [(say(_("What it may be")), say(hint)) for looks, hint in _STRANGERS if looks(stripped)][:1]
        return Inspection(tuple(lines), say(FAULTS[read]), read, is_proved=trust is not None)
    lines += list(_claimed(read, say))
    if trust is None:
        return Inspection(tuple(lines), say(UNPROVED), None, is_proved=False)
    fault = _fault(read, trust, at.timestamp())
    key = trust.get(read.kid)
    if key is not None:
        lines.append((say(_("Key valid")), f"{_day(key.not_before)} – {_day(key.not_after)}"))
    if statuses is not None and fault is None:
        lines.append((say(_("Status list")), say(LISTED[statuses.of(read.claims.card_index)])))
    return Inspection(tuple(lines), say(FAULTS[fault] if fault else GOOD), fault, is_proved=True)


def _claimed(read: SignedToken, say: Say) -> Iterator[tuple[str, str]]:
    yield say(_("Form of the card")), say(FORMS[read.claims.form])
    yield say(_("Card index")), str(read.claims.card_index)
    yield say(_("Expires")), _day(read.claims.expires_at)
    yield say(_("Signed with key")), str(read.kid)


def _fault(read: SignedToken, trust: Mapping[int, IssuerKey], seconds: float) -> TokenFault | None:
    key = usable_key(read.kid, trust, seconds)
    if isinstance(key, TokenFault):
        return key
    if not is_signed_by(read, key.public_key):
        return TokenFault.BAD_SIGNATURE
    return None if seconds < read.claims.expires_at else TokenFault.EXPIRED


def _day(seconds: int) -> str:
    """Four bytes of seconds end in 2106, so every claim is a day; a key's bounds may be further out."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).astimezone(ZONE):%d/%m/%Y %H:%M}"
    except (OverflowError, ValueError, OSError):
        return "?"
