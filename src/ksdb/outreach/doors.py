"""Who lives behind each door of a group and how each stands with the card: values, order, pages, counts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from ksdb.outreach.reasons import OUT_OF_COUNT, Reason

MOST_PERSONS = 50


class CardState(StrEnum):
    """How somebody stands with the card: the best of those that have not ended."""

    ACTIVE = "active"
    WAITING = "waiting"
    BLOCKED = "blocked"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Person:
    """One resident as the work list shows him or her. `index` and `number` are those of a card that waits."""

    id: int
    household_id: int
    full_name: str
    birth_year: int
    has_phone: bool
    card: CardState
    index: int | None
    number: str
    reason_id: int
    reason: Reason | None
    said_on: date | None
    noted_by: str

    @property
    def is_out(self) -> bool:
        """Not here, so that no card can be given here."""
        return self.reason in OUT_OF_COUNT

    @property
    def is_lacking(self) -> bool:
        """Somebody has still to go there."""
        return self.card is not CardState.ACTIVE and not self.is_out


@dataclass(frozen=True)
class Door:
    """A household: where it is, when somebody was there last today, and who lives there. Number 0: of no household."""

    id: int
    address: str
    book_number: str
    position: int
    visited_at: datetime | None = None
    persons: Sequence[Person] = ()

    @property
    def lacking(self) -> int:
        return sum(person.is_lacking for person in self.persons)

    @property
    def active(self) -> int:
        return sum(person.card is CardState.ACTIVE for person in self.persons)

    def only_without_card(self) -> "Door":
        """Whom one may meet at the door without a card in use: those out of the count too, to correct the reason."""
        return replace(self, persons=[person for person in self.persons if person.card is not CardState.ACTIVE])

    def only_lacking(self) -> "Door":
        return replace(self, persons=[person for person in self.persons if person.is_lacking])


@dataclass(frozen=True)
class GroupCounts:
    """A residential group in figures; also the sum of several."""

    households: int = 0
    complete: int = 0
    residents: int = 0
    active: int = 0
    waiting: int = 0
    out: int = 0
    lacking: int = 0
    visited: int = 0

    def values(self) -> tuple[int, ...]:
        return astuple(self)

    def __add__(self, other: "GroupCounts") -> "GroupCounts":
        return GroupCounts(*(a + b for a, b in zip(self.values(), other.values(), strict=True)))

    @property
    def countable(self) -> int:
        """Of whom a card can be expected here."""
        return self.residents - self.out

    @property
    def counted_active(self) -> int:
        """Of them, with an active card: the share that coverage tells too."""
        return self.countable - self.lacking


@dataclass(frozen=True)
class Standing:
    """What stands for a person now, who made it so, and when."""

    reason: Reason | None
    by: str
    at: datetime | None
    has_card: bool


@dataclass(frozen=True)
class DoorPage:
    """Some doors of a group, in walking order, with at most 50 persons; where one was and how many pages there are."""

    doors: Sequence[Door]
    number: int
    count: int

    @property
    def persons(self) -> Iterator[Person]:
        return (person for door in self.doors for person in door.persons)


def paged(doors: Iterable[Door], number: int) -> DoorPage:
    """The page of that number, the nearest there is. A household is not torn, unless it alone is too large."""
    pages: list[list[Door]] = [[]]
    room = MOST_PERSONS
    for door in (part for whole in doors for part in _parts(whole)):
        if len(door.persons) > room and pages[-1]:
            pages.append([])
            room = MOST_PERSONS
        pages[-1].append(door)
        room -= len(door.persons)
    number = min(max(number, 1), len(pages))
    return DoorPage(pages[number - 1], number, len(pages))


def _parts(door: Door) -> Iterator[Door]:
    """A home of more than 50 people, or those of no household, in parts."""
    starts = range(0, max(len(door.persons), 1), MOST_PERSONS)
    return (replace(door, persons=door.persons[start : start + MOST_PERSONS]) for start in starts)
