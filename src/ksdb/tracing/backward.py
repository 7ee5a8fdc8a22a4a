"""How surprising it is that so many cases were at one place at one time: the statistics of the backward view.

Each case is compared with the holders of active cards of the own commune: by chance it would have been there with the
share of them who were. The number of cases there is then a sum of unlike coins (Poisson binomial), whose upper tail is
computed exactly. Because many cells are looked at, the tail is multiplied by their number (Bonferroni).
"""

from collections.abc import Iterable
from typing import Final

SURPRISING: Final = 0.05


def tail(chances: Iterable[float], least: int) -> float:
    """The probability of at least so many successes of independent coins with these chances."""
    counts = [1.0]
    for chance in chances:
        rest = [one * (1 - chance) for one in counts] + [0.0]
        for number, one in enumerate(counts):
            rest[number + 1] += one * chance
        counts = rest
    return min(1.0, sum(counts[least:]))


def chance_there(visitors: int, holders: int) -> float:
    """A commune's share of visitors, never 0: the case itself is one, and not above all."""
    return min(1.0, max(visitors, 1) / max(holders, visitors, 1))


def adjusted(probability: float, looked_at: int) -> float:
    """The probability that any of so many cells shows this much by chance, at most."""
    return min(1.0, probability * max(looked_at, 1))
