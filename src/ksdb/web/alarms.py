"""Alarms that stand on every page of those who have to act on them; the rooms above fill the list."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from ksdb.core.scope import Scope


@dataclass(frozen=True)
class Alarm:
    """One sentence, and the page that says more."""

    sentence: str | Promise
    url: str


ALARMS: list[Callable[[Scope], Alarm | None]] = []


def alarms_for(scope: Scope | None) -> list[Alarm]:
    """What this person has to know now. Who is not signed in, and the system itself, reads no pages."""
    found = [alarm(scope) for alarm in ALARMS] if scope is not None and not scope.is_system else []
    return [alarm for alarm in found if alarm is not None]
