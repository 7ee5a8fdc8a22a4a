"""How often what can be guessed may be tried, and the error of whoever tried too often."""

from dataclasses import dataclass
from datetime import datetime

from ksdb.config import settings
from ksdb.core.errors import KsdbError


@dataclass(frozen=True)
class Limit:
    """At most `most` attempts in `seconds`; the last of them starts a wait of as many seconds."""

    name: str
    most: int
    seconds: int


SIGN_IN_BY_ACCOUNT = Limit("sign_in_by_account", 10, 15 * 60)
SIGN_IN_BY_ADDRESS = Limit("sign_in_by_address", 100, 60 * 60)
SECOND_FACTOR = Limit("second_factor", 10, 15 * 60)
INVITATION_BY_ADDRESS = Limit("invitation_by_address", 20, 60 * 60)
USED_CODE = Limit("used_code", 1, 2 * 60)
"""A code of an authenticator app is good for a minute and a half, and for one use."""


def person_searches() -> tuple[Limit, Limit]:
    """How often one account may look for people: in a minute, and in an hour."""
    ours = settings()
    return (
        Limit("person_search_minute", ours.person_searches_a_minute, 60),
        Limit("person_search_hour", ours.person_searches_an_hour, 60 * 60),
    )


def persons_of_a_day() -> Limit:
    """How many people one account may look up in a day; lists of work and what is taken out are not look-ups."""
    return Limit("persons_day", settings().persons_a_day, 24 * 60 * 60)


class TooManyAttempts(KsdbError):
    """There were too many attempts. Wait an hour at most, then try again; if you forgot something, ask for help."""

    code = "too_many_attempts"
    status = 429

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until: datetime = until


class TooManySearches(TooManyAttempts):
    """You have looked for people very often. Wait a little, then go on; if work needs more, ask the administrator."""

    code = "too_many_searches"


class TooManyPersons(TooManyAttempts):
    """You have looked up as many people as one account may in a day. Go on tomorrow; if work needs more, ask for it."""

    code = "too_many_persons"
