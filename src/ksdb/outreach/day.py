"""A group's list as it is taken along on a phone for a day."""

from collections.abc import Iterable
from datetime import date

import msgspec

from ksdb.core.clock import day_bounds
from ksdb.outreach.doors import Door, Person


class DayPerson(msgspec.Struct, frozen=True):
    """Somebody without an active card. `index` and `number` are of a card that waits to be handed over."""

    id: int
    name: str
    born: int
    phone: bool
    card: str
    index: int
    number: str
    reason: str
    reason_id: int
    lacking: bool


class DayDoor(msgspec.Struct, frozen=True):
    """A door: where, how many there have a card, and who has none."""

    id: int
    address: str
    number: str
    active: int
    visited: bool
    persons: list[DayPerson]


class DayList(msgspec.Struct, frozen=True):
    """The list of one group; it ends with the day, at `until` milliseconds since 1970.

    `rows` and `sha256` stand in the trail too: by them one tells which list a phone holds.
    """

    group: int
    name: str
    commune: str
    account: int
    until: int
    rows: int
    sha256: str
    doors: list[DayDoor]


def day_doors(doors: Iterable[Door]) -> list[DayDoor]:
    return [
        DayDoor(
            door.id,
            door.address,
            door.book_number,
            door.active,
            door.visited_at is not None,
            [_person(person) for person in door.only_without_card().persons],
        )
        for door in doors
    ]


def _person(person: Person) -> DayPerson:
    return DayPerson(
        id=person.id,
        name=person.full_name,
        born=person.birth_year,
        phone=person.has_phone,
        card=person.card.value,
        index=person.index or 0,
        number=person.number,
        reason=person.reason.value if person.reason else "",
        reason_id=person.reason_id,
        lacking=person.is_lacking,
    )


def ends_ms(on: date) -> int:
    """The end of the day in the province."""
    return int(day_bounds(on)[1].timestamp() * 1000)
