"""What residents can say and ask on their pages: the health form by version, corrections, what they allow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.core.errors import KsdbError

FORM_VERSION: Final = 1
ANSWER_DAYS: Final = 5
"""As a dispute of a visit: what is wrong in a record can mean a notice that does not arrive."""

WALLET_PHONE: Final = "wallet_phone"
CLAIMED_ID: Final = "wallet_id_number"
REQUEST_TEXT: Final = "request_text"
REQUEST_NOTE: Final = "request_note"
DECLARED_KEPT: Final = timedelta(days=28)

SYMPTOMS: Mapping[str, str | Promise] = {
    "fever": _("Fever"),
    "cough": _("Cough"),
    "throat": _("Sore throat"),
    "breath": _("Hard breathing"),
    "taste": _("No taste or smell"),
    "tired": _("Very tired, body aches"),
}
"""Of version 1 of the form; a later one gets a list of its own."""


class About(StrEnum):
    """What of a record is wrong."""

    NAME = "name"
    BIRTH = "birth"
    SEX = "sex"
    ADDRESS = "address"
    HOUSEHOLD = "household"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    OTHER = "other"


ABOUT_LABELS: Mapping[About, str | Promise] = {
    About.NAME: _("My name"),
    About.BIRTH: _("My day or year of birth"),
    About.SEX: _("Man or woman"),
    About.ADDRESS: _("My address"),
    About.HOUSEHOLD: _("Who belongs to my household"),
    About.ID_NUMBER: _("My ID number"),
    About.PHONE: _("My phone number"),
    About.OTHER: _("Something else"),
}


class RequestState(StrEnum):
    """Where a request stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Came(StrEnum):
    """Who came to the desk of the ward."""

    SELF = "self"
    GUARDIAN = "guardian"
    SENT = "sent"


class Proven(StrEnum):
    """How the officer made sure who it was."""

    PAPERS = "papers"
    KNOWN = "known"
    LETTER = "letter"


class Wanted(StrEnum):
    """Why the sheet is asked for."""

    HELD = "held"
    ADVICE = "advice"
    WRONG = "wrong"


CAME_LABELS: Mapping[Came, str | Promise] = {
    Came.SELF: _("The resident in person"),
    Came.GUARDIAN: _("A parent or guardian"),
    Came.SENT: _("Somebody sent with a letter"),
}
PROVEN_LABELS: Mapping[Proven, str | Promise] = {
    Proven.PAPERS: _("I compared the identity paper with the record"),
    Proven.KNOWN: _("I know the person, who lives in the ward"),
    Proven.LETTER: _("I keep the letter, and compared both identity papers"),
}
WANTED_LABELS: Mapping[Wanted, str | Promise] = {
    Wanted.HELD: _("Wants to know what is held, and who read it"),
    Wanted.ADVICE: _("Was told of somebody ill, and wants to know what to do"),
    Wanted.WRONG: _("Says that a visit or the record is wrong"),
}


class Allowed(StrEnum):
    """What a holder allows."""

    HEALTH = "health"
    PUSH = "push"


ALLOWED_LABELS: Mapping[Allowed, str | Promise] = {
    Allowed.HEALTH: _("Keep what I say about my health for 28 days"),
    Allowed.PUSH: _("Send notices to this phone's browser"),
}


@dataclass(frozen=True)
class Answers:
    """What somebody says about his health."""

    symptoms: tuple[str, ...] = ()
    met_ill: bool = False
    travelled: bool = False
    travelled_to: str = field(default="")

    @property
    def is_worrying(self) -> bool:
        return bool(self.symptoms) or self.met_ill


class NothingToRepeat(KsdbError):
    """There is no earlier declaration to take over. Fill in the form once."""

    code = "nothing_to_repeat"
    status = 409


class RequestDecided(KsdbError):
    """Somebody has answered this request meanwhile. Look at the answer in the list."""

    code = "request_decided"
    status = 409


class TooManyRequests(KsdbError):
    """Ten of your requests wait for an answer. Wait for those first, or call your ward."""

    code = "too_many_requests"
    status = 429
