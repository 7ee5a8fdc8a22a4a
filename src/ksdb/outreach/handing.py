"""Which card it is that was scanned or typed at a door."""

from datetime import datetime
from typing import Final

from ksdb.cards.queries import NumberMistyped
from ksdb.core.ids import digits_of, is_card_number
from ksdb.core.token import Claims, IssuerKey, TokenFault, check_token
from ksdb.outreach.faults import CardForged, CardGone

NUMBER_DIGITS: Final = 12
LONGEST_NUMBER: Final = 20
GONE: Final = frozenset({TokenFault.EXPIRED, TokenFault.KEY_NOT_VALID})


def card_filter(scanned: str, trust: dict[int, IssuerKey], at: datetime) -> dict[str, object]:
    """How to find the card: by its printed number, or by the index that its signed code names.

    Raises NumberMistyped for a number whose check digits are wrong, CardForged or CardGone for a code.
    """
    digits = digits_of(scanned)
    if len(digits) <= LONGEST_NUMBER:
        if not is_card_number(digits):
            raise NumberMistyped
        return {"number": digits}
    said = check_token(digits, trust, at)
    if isinstance(said, Claims):
        return {"pk": said.card_index}
    raise CardGone if said in GONE else CardForged
