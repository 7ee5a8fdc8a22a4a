"""The search for pairs: blocks, points, and the best of each person. Knows no database."""

from collections import Counter
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from ksdb.duplicates.blocks import Blocks
from ksdb.duplicates.people import People
from ksdb.duplicates.scoring import SHOWN_FROM, Scored, Scorer

MOST_OF_A_PERSON = 5


class FoundPair(msgspec.Struct, frozen=True):
    """Two places in the people searched, with what speaks for one person."""

    first: int
    second: int
    scored: Scored


class Result(msgspec.Struct, frozen=True):
    """The pairs worth showing, best first, and how many blocks were too large to look into."""

    pairs: list[FoundPair]
    compared: int
    skipped: int


def find_pairs(people: People, fresh: NDArray[np.bool_]) -> Result:
    """Pairs of which at least one is fresh; nobody stands in more than five."""
    blocks = Blocks(people, fresh)
    candidates = blocks.pairs()
    scorer = Scorer(people)
    shown = [pair for pair in _scored(scorer, candidates) if pair.scored.score >= SHOWN_FROM]
    shown.sort(key=lambda pair: (-pair.scored.score, pair.first, pair.second))
    return Result(list(_best(shown)), len(candidates), blocks.skipped)


def _scored(scorer: Scorer, candidates: NDArray[np.int64]) -> Iterator[FoundPair]:
    for first, second in candidates.tolist():
        scored = scorer.scored(first, second)
        if scored:
            yield FoundPair(first, second, scored)


def _best(pairs: list[FoundPair]) -> Iterator[FoundPair]:
    count: Counter[int] = Counter()
    for pair in pairs:
        if max(count[pair.first], count[pair.second]) < MOST_OF_A_PERSON:
            count.update((pair.first, pair.second))
            yield pair
