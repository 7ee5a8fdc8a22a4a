"""For how many days after the last exposure a contact is followed, as a source says it for a disease profile."""

import csv
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files

from ksdb.core.clock import day_of

USUAL_DAYS = 14
MOST_DAYS = 60
"""For a profile that the reference does not name; somebody of the health service chooses when the follow-up begins."""


@dataclass(frozen=True)
class Quarantine:
    """The days, and who says so."""

    days: int
    source: str


@cache
def _reference() -> dict[str, Quarantine]:
    with (files("ksdb.followup") / "reference" / "quarantine_days.csv").open(encoding="utf-8") as file:
        return {row["profile"]: Quarantine(int(row["days"]), row["source"]) for row in csv.DictReader(file)}


def quarantine_of(profile: str) -> Quarantine:
    """What is usual for the profile."""
    return _reference().get(profile, Quarantine(USUAL_DAYS, ""))


def last_day(exposed_at: datetime, days: int) -> date:
    """The last day of the follow-up: so many days after the day of the exposure."""
    return day_of(exposed_at) + timedelta(days=days)
