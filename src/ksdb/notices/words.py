"""What notices say, in plain words: a line for a phone, a title, and what to do now.

No message ever has an address to tap on: whoever has learned that is not caught by one that has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from ksdb.config import settings
from ksdb.notices.kinds import Kind

WATCH_DAYS = 14
"""WHO, Contact tracing in the context of COVID-19, 1 February 2021: contacts are followed for 14 days."""

Facts = Mapping[str, object]

TITLES: Mapping[str, str | Promise] = {
    Kind.EXPOSURE: _("You were near somebody who is ill"),
    Kind.CARD_LOST: _("Your card was blocked"),
    Kind.CARD_ACTIVATED: _("Your card can be used now"),
    Kind.CARD_KEPT: _("One more phone keeps your card"),
    Kind.CARD_MOVED: _("Your card went to another phone"),
    Kind.DECIDED: _("Your request was decided"),
    Kind.TEST: _("This is a test"),
}

ADVICE: Mapping[str, list[str | Promise]] = {
    Kind.EXPOSURE: [
        _("Stay at home if you can, and keep away from old and ill people."),
        _("If you must go out, wear a mask, and do not go where many people are."),
        _("Look after yourself for 14 days: fever, cough, sore throat, hard breathing."),
        _("Feel ill? Do not go to a clinic on your own. Call first."),
        _("To have met somebody ill is nobody's fault, and no punishment follows from this."),
    ],
    Kind.CARD_LOST: [
        _("Nobody can use the old card any more. Your visits stay yours."),
        _("Go to your ward or commune with your papers: you get a new one."),
        _("Was it not you who reported it lost? Call at once."),
    ],
    Kind.CARD_ACTIVATED: [
        _("Show the code wherever there is a scan point."),
        _("The code says neither your name nor your number."),
        _("Did you not get a card? Call at once."),
    ],
    Kind.CARD_KEPT: [
        _("Whoever keeps your card sees where you were and what you are told."),
        _("Do you not know this phone? Take the card off it under My data, or call at once."),
    ],
    Kind.CARD_MOVED: [
        _("The old phone shows the card no more."),
        _("Was it not you? Block the card under “Lost it?”, or call at once."),
    ],
    Kind.DECIDED: [_("The answer and the reason stand on your pages, under My data.")],
    Kind.TEST: [_("Nothing happened, and there is nothing to do.")],
}
"""What to do now, a sentence a line."""


@dataclass(frozen=True)
class Words:
    """A notice in one language."""

    title: str
    body: str
    advice: list[str]

    @property
    def message(self) -> str:
        """As a phone shows it among other messages."""
        return f"KSDB: {self.body}"


def day_in(facts: Facts, name: str = "on") -> date | None:
    """A day among the facts."""
    found = facts.get(name)
    return date.fromisoformat(found) if isinstance(found, str) else None


def words_of(kind: str, facts: Facts, place: str, language: str) -> Words:
    """`place` is the kind of place in that language; "" where even that would tell too much."""
    with override(language):
        return Words(str(TITLES[kind]), _body(kind, facts, place), [str(line) for line in ADVICE[kind]])


def _body(kind: str, facts: Facts, place: str) -> str:
    on = day_in(facts)
    said = {
        "day": date_format(on, "j/n") if on else "",
        "place": place or gettext("a place where you were scanned"),
        "days": WATCH_DAYS,
        "hotline": settings().hotline,
        "end": str(facts.get("phone", "")),
    }
    return _SENTENCES[kind]() % said


def _exposure() -> str:
    return gettext(
        "On %(day)s you were at the same time as an ill person at: %(place)s. Stay at home if you can and look "
        "after yourself for %(days)s days. Feel ill? Call %(hotline)s."
    )


_SENTENCES: Mapping[str, Callable[[], str]] = {
    Kind.EXPOSURE: _exposure,
    Kind.CARD_LOST: lambda: gettext("Your card was blocked. Was it not you? Call %(hotline)s."),
    Kind.CARD_ACTIVATED: lambda: gettext("Your card can be used now. Did you get none? Call %(hotline)s."),
    Kind.CARD_KEPT: lambda: gettext(
        "A phone with a number ending in %(end)s keeps your card now. Do you not know it? Call %(hotline)s."
    ),
    Kind.CARD_MOVED: lambda: gettext("Your card is on another phone now. Was it not you? Call %(hotline)s."),
    Kind.DECIDED: lambda: gettext("Your request about your data was decided. See your card page, My data."),
    Kind.TEST: lambda: gettext("This is a test message. There is nothing to do."),
}


def pushed(language: str) -> dict[str, str]:
    """What a push says: it may light up on a table among others, so it says nothing but that there is something."""
    with override(language):
        return {"title": gettext("A message for you"), "body": gettext("Open your card page to read it.")}
