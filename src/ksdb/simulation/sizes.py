"""Makes household sizes that agree with the census: the counts by size, and the people of the commune exactly."""

from collections.abc import Sequence
from dataclasses import dataclass

from ksdb.simulation.sources import SIZES, Commune, communes

ORDINARY_EXTRA = 1.2
"""More people than this beyond seven, on average, means dormitories, pagodas or homes among the large households."""

DORMITORY = 60
EXTRA_STEPS = 3


@dataclass(frozen=True)
class SizePlan:
    """Ordinary households by size (index = size, 0 to 10), and the sizes of the collective ones."""

    ordinary: tuple[int, ...]
    collective: tuple[int, ...]

    @property
    def people(self) -> int:
        return sum(size * count for size, count in enumerate(self.ordinary)) + sum(self.collective)

    @property
    def households(self) -> int:
        return sum(self.ordinary) + len(self.collective)


def sizes_of(commune: Commune, scale: float = 1.0) -> SizePlan:
    """The sizes of all households of a commune, its people and households multiplied by `scale`."""
    people = scaled_people(scale)[commune.index]
    counts = scaled(commune.households, scale)
    counts = _moved(counts, people)
    extra = people - sum(size * count for size, count in enumerate(counts, start=1))
    dormitories, ordinary_extra = _dormitories(counts[-1], extra)
    large = counts[-1] - len(dormitories)
    return SizePlan((0, *counts[:-1], *_large_sizes(large, ordinary_extra)), dormitories)


def scaled_people(scale: float) -> list[int]:
    """People per commune; rounded along the list so that the province's total is the scaled total."""
    return scaled([commune.people for commune in communes()], scale)


def scaled(counts: Sequence[int], scale: float) -> list[int]:
    done, total, result = 0, 0, []
    for count in counts:
        total += count
        result.append(int(total * scale + 0.5) - done)
        done += result[-1]
    return result


def _moved(counts: list[int], people: int) -> list[int]:
    """Scaling can ask for fewer people than the sizes hold, or for more with no large household: shift a few by one."""
    counts = list(counts)
    while (extra := people - sum(size * count for size, count in enumerate(counts, start=1))) != 0:
        if extra > 0 and counts[-1]:
            break
        step = 1 if extra > 0 else -1
        origin = next(size for size in (4, 3, 5, 2, 6, 7, 1) if counts[size - 1] and 1 <= size + step <= SIZES)
        counts[origin - 1] -= 1
        counts[origin - 1 + step] += 1
    return counts


def _dormitories(large: int, extra: int) -> tuple[tuple[int, ...], int]:
    """Sizes of collective households, and how many people beyond seven are left to the ordinary ones."""
    if extra <= ORDINARY_EXTRA * large:
        return (), extra
    number = max(1, min(large, round((extra - 0.7 * large) / DORMITORY)))
    left = int(0.7 * (large - number))
    people = 7 * number + extra - left
    uneven = [5 + rank * 3 % 7 for rank in range(number)]
    return tuple(scaled(uneven, people / sum(uneven))), left


def _large_sizes(large: int, extra: int) -> tuple[int, ...]:
    """Households of 7, 8, 9 and 10 people."""
    third = min(int(extra * 0.08), large)
    second = min(int(extra * 0.25), large)
    first = min(extra - second - third, large)
    second = extra - first - third
    return large - first, first - second, second - third, third
