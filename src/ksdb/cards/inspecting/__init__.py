"""What a code on a card says, in words, step by step in reading order; knows no table and no person."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from ksdb.cards.inspecting import words
from ksdb.cards.inspecting.certificates import inspect_certificate
from ksdb.cards.inspecting.found import Inspection, Say, day
from ksdb.core.electronic import CodeFault, SignedCode, fault_of, read_code
from ksdb.core.hc1 import PREFIX, Anchor
from ksdb.core.status_list import StatusList
from ksdb.core.token import (
    IssuerKey,
    SignedToken,
    TokenFault,
    digit_count,
    is_signed_by,
    read_token,
    usable_key,
)

__all__ = ["Believed", "Inspection", "Say", "inspect"]

MOST_SHOWN: Final = 4296
"""Longer texts are not looked at: no code holds them."""
_USUAL_DIGITS: Final = 1 + digit_count(97)
_STRANGERS: Final[tuple[tuple[Callable[[str], bool], str], ...]] = (
    (lambda text: text.count("|") >= 5, words.IDENTITY),
    (lambda text: text.lower().startswith(("http:", "https:")), words.WEB),
)


@dataclass(frozen=True)
class Believed:
    """Whom an inspection believes: the keys of a trust list, a status list, the signers of health certificates."""

    trust: Mapping[int, IssuerKey] | None = None
    statuses: StatusList | None = None
    anchors: Mapping[bytes, Anchor] = field(default_factory=dict)


def inspect(text: str, believed: Believed, at: datetime, say: Say) -> Inspection:
    """Explains any text. What it holds is never repeated unless it is the number of a card or a key."""
    stripped = text.strip()
    if stripped.startswith(PREFIX):
        return inspect_certificate(stripped, believed.anchors, at, say)
    label, value = (say(word) for word in words.LENGTH)
    lines = [(label, value % {"count": len(stripped), "usual": _USUAL_DIGITS})]
    read = _read(stripped) if len(stripped) <= MOST_SHOWN else TokenFault.UNREADABLE
    if isinstance(read, TokenFault):
        lines += [(say(words.WHAT), say(hint)) for looks, hint in _STRANGERS if looks(stripped)][:1]
        return Inspection(tuple(lines), say(words.FAULTS[read]), read, is_proved=believed.trust is not None)
    lines += list(_claimed(read, say))
    if believed.trust is None:
        return Inspection(tuple(lines), say(words.UNPROVED), None, is_proved=False)
    fault = _fault(read, believed.trust, at)
    lines += list(_known(read, believed, fault, say))
    verdict = words.GOOD if fault is None else (words.FAULTS | words.CODE_FAULTS)[fault]
    return Inspection(tuple(lines), say(verdict), fault, is_proved=True)


def _read(text: str) -> SignedToken | SignedCode | TokenFault:
    """A card's token, or the code that a phone makes of one."""
    token = read_token(text)
    return read_code(text) if token == TokenFault.NOT_OURS else token


def _claimed(read: SignedToken | SignedCode, say: Say) -> Iterator[tuple[str, str]]:
    token = read if isinstance(read, SignedToken) else read.token
    if isinstance(read, SignedCode):
        yield say(words.WHAT), say(words.ELECTRONIC)
        yield say(words.SHOWN), day(read.issued_at, to_the_second=True)
    yield say(words.FORM), say(words.FORMS[token.claims.form])
    yield say(words.INDEX), str(token.claims.card_index)
    yield say(words.EXPIRES), day(token.claims.expires_at)
    yield say(words.KEY), str(token.kid)


def _known(
    read: SignedToken | SignedCode, believed: Believed, fault: TokenFault | CodeFault | None, say: Say
) -> Iterator[tuple[str, str]]:
    """What the lists add to what the code claims itself."""
    token = read if isinstance(read, SignedToken) else read.token
    key = (believed.trust or {}).get(token.kid)
    if key is not None:
        yield say(words.KEY_VALID), f"{day(key.not_before)} – {day(key.not_after)}"
    if believed.statuses is not None and fault is None:
        yield say(words.STATUS_LIST), say(words.LISTED[believed.statuses.of(token.claims.card_index)])


def _fault(
    read: SignedToken | SignedCode, trust: Mapping[int, IssuerKey], at: datetime
) -> TokenFault | CodeFault | None:
    if isinstance(read, SignedCode):
        return fault_of(read, trust, at)
    key = usable_key(read.kid, trust, at.timestamp())
    if isinstance(key, TokenFault):
        return key
    if not is_signed_by(read, key.public_key):
        return TokenFault.BAD_SIGNATURE
    return None if at.timestamp() < read.claims.expires_at else TokenFault.EXPIRED
