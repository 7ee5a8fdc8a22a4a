"""What the reasons of a pair are called."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.duplicates.scoring import POINTS, Reason

REASON_LABELS: dict[Reason, str | Promise] = {
    Reason.SAME_NAME: _("the same name"),
    Reason.TONE_PLACEMENT: _("the same name, the tone mark placed differently"),
    Reason.NO_MARKS: _("the same name, once without marks"),
    Reason.OTHER_MARKS: _("the same name with other marks"),
    Reason.WORD_ORDER: _("the same words in another order"),
    Reason.MISSING_WORD: _("the same name, once without a middle name"),
    Reason.TYPO: _("the name differs by one letter, like a typing mistake"),
    Reason.TWO_TYPOS: _("the name differs by two letters, like typing mistakes"),
    Reason.SIMILAR_NAME: _("the name differs by one letter"),
    Reason.SAME_BIRTH: _("born on the same day"),
    Reason.SWAPPED_BIRTH: _("day and month of birth swapped"),
    Reason.YEAR_OFF: _("the same day and month, the year of birth one apart"),
    Reason.YEAR_ONLY: _("the same year of birth, the day not known of both"),
    Reason.SAME_PHONE: _("the same phone number"),
    Reason.SAME_HOUSEHOLD: _("the same household"),
    Reason.SAME_GROUP: _("the same residential group"),
    Reason.SAME_COMMUNE: _("the same commune"),
    Reason.CLAIMED_NUMBER: _("a list gave one the ID number of the other"),
    Reason.OLD_NUMBER: _("one has the old ID number of the other"),
    Reason.SAME_OLD_NUMBER: _("both had the same old ID number"),
    Reason.TWO_KINDS_OF_NUMBER: _("one ID number of 9 digits, one of 12"),
    Reason.RARE_NAME: _("a rare name"),
    Reason.COMMON_NAME: _("a very common name"),
    Reason.OTHER_SEX: _("the sex differs"),
    Reason.OTHER_NUMBER: _("the ID numbers differ"),
}


def reasons_for(codes: str) -> list[str | Promise]:
    """What speaks for one person."""
    return [REASON_LABELS[one] for one in _read(codes) if POINTS[one] > 0]


def reasons_against(codes: str) -> list[str | Promise]:
    """What speaks for two."""
    return [REASON_LABELS[one] for one in _read(codes) if POINTS[one] < 0]


def _read(codes: str) -> list[Reason]:
    return [Reason(code) for code in codes.split()]
