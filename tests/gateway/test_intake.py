"""The remembered signature: it must change what a scan costs and never what it comes to."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from ksdb.core.electronic import bind_token, show_code
from ksdb.core.token import Claims, Form, IssuerKey, TokenFault, Usage, check_token, from_digits, sign_token, to_digits
from ksdb.gateway import intake
from ksdb.gateway.intake import checked_token
from ksdb.gateway.known import CheckedTokens, Known

NOW = datetime(2021, 11, 3, 8, tzinfo=UTC)
SECONDS = NOW.timestamp()
EXPIRES = int(SECONDS) + 3600
KEYS = {kid: ec.generate_private_key(ec.SECP256R1()) for kid in (1, 2, 3)}


def trust(*kids: int) -> list[IssuerKey]:
    usages = {1: Usage.CARD, 2: Usage.STATUS, 3: Usage.CARD}
    begins = {1: 0, 2: 0, 3: EXPIRES}
    return [IssuerKey(kid, KEYS[kid].public_key(), usages[kid], begins[kid], 2**33) for kid in kids]


def token(card_index: int = 77, kid: int = 1, expires_at: int = EXPIRES, form: Form = Form.PAPER) -> str:
    return sign_token(Claims(card_index, form, expires_at), kid, KEYS[kid])


@pytest.fixture
def known() -> Known:
    known = Known(checked=CheckedTokens(1024))
    known.learn_trust(trust(1, 2, 3))
    return known


def flipped(text: str) -> list[str]:
    coded = from_digits(text)
    assert isinstance(coded, bytes)
    number, width = int.from_bytes(coded, "big"), len(coded)
    return [to_digits((number ^ (1 << bit)).to_bytes(width, "big")) for bit in range(width * 8)]


def vectors() -> list[str]:
    """Good and bad tokens of every kind; many name the same card, so that each meets the memory of another."""
    good = token()
    nearly = [
        good[:-1],
        good + "0",
        " " + good,
        good.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
        "2" + good[1:],
    ]
    others = [token(form=form) for form in Form] + [token(card_index=n) for n in (0, 1023, 1024, 2**32 - 1)]
    odd = [token(kid=2), token(kid=3), token(expires_at=int(SECONDS)), token(expires_at=5), "", "x" * 5000, "9" * 235]
    forged = sign_token(Claims(77, Form.PAPER, EXPIRES), 1, KEYS[3])
    return [good, *nearly, *others, *odd, forged, *flipped(good)]


def agrees(known: Known, text: str, at: datetime, trusted: Mapping[int, IssuerKey]) -> Claims | TokenFault:
    read, card_index = checked_token(text, known, at.timestamp())
    assert read == check_token(text, trusted, at)
    if isinstance(read, Claims):
        assert card_index == read.card_index
    elif read != TokenFault.EXPIRED:
        assert card_index is None
    return read


def test_the_memory_agrees_with_the_reference_on_every_vector(known: Known) -> None:
    texts = vectors()
    instants = [
        NOW,
        datetime.fromtimestamp(EXPIRES - 1, UTC),
        datetime.fromtimestamp(EXPIRES, UTC),
        datetime(1999, 1, 1, tzinfo=UTC),
    ]
    accepted = 0
    shuffled = random.Random(8600)
    for _ in range(3):
        shuffled.shuffle(texts)
        for text in texts:
            accepted += isinstance(agrees(known, text, shuffled.choice(instants), known.trust), Claims)
            agrees(known, vectors_good, NOW, known.trust)
    assert accepted


vectors_good = token()


def test_no_flipped_bit_of_a_remembered_token_is_believed(known: Known) -> None:
    good = token()
    assert isinstance(agrees(known, good, NOW, known.trust), Claims)
    for text in flipped(good):
        assert isinstance(agrees(known, text, NOW, known.trust), TokenFault)
        assert known.checked.holds(77, good)


def test_the_second_scan_proves_no_signature(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    good = token()
    checked_token(good, known, SECONDS)
    monkeypatch.setattr(intake, "is_signed_by", None)
    assert checked_token(good, known, SECONDS) == (Claims(77, Form.PAPER, EXPIRES), 77)


def test_a_remembered_token_still_expires_and_still_needs_its_key(known: Known) -> None:
    good = token()
    agrees(known, good, NOW, known.trust)
    assert checked_token(good, known, EXPIRES) == (TokenFault.EXPIRED, 77)
    known.learn_trust(trust(2, 3))
    assert checked_token(good, known, SECONDS) == (TokenFault.UNKNOWN_KEY, None)


def test_another_key_under_the_same_number_is_asked_again(known: Known) -> None:
    good = token()
    agrees(known, good, NOW, known.trust)
    known.learn_trust([IssuerKey(1, KEYS[3].public_key(), Usage.CARD, 0, 2**33)])
    assert checked_token(good, known, SECONDS) == (TokenFault.BAD_SIGNATURE, None)


def test_the_same_trust_list_again_forgets_nothing(known: Known) -> None:
    good = token()
    agrees(known, good, NOW, known.trust)
    known.learn_trust(trust(1, 2, 3))
    assert known.checked.holds(77, good)


def test_an_electronic_cards_code_is_judged_by_the_time_of_the_scan(known: Known) -> None:
    phone = ec.generate_private_key(ec.SECP256R1())
    claims = Claims(77, Form.ELECTRONIC, EXPIRES)
    bound = bind_token(claims, 1, KEYS[1], phone.public_key())
    code = show_code(bound, int(SECONDS), phone)
    stolen = show_code(bound, int(SECONDS), KEYS[3])
    assert checked_token(code, known, SECONDS + 60) == (claims, 77)
    assert checked_token(code, known, SECONDS + 600) == (TokenFault.EXPIRED, None)
    assert checked_token(code, known, SECONDS - 600) == (TokenFault.EXPIRED, None)
    assert checked_token(stolen, known, SECONDS) == (TokenFault.BAD_SIGNATURE, None)
