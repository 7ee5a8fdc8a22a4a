"""Which two records are compared at all: those that share a block. Every kind of block has a largest size.

Without blocks a million people are 500,000 million comparisons; with them some 25 million, and no name or birthday,
however common, makes more than its cap allows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from ksdb.duplicates.people import DAY_ZERO, NO_DAY, Ints, Longs, People

NEAR = 2
"""Names at most so many edits apart are near; an edit adds, drops or changes a letter, or swaps two neighbours."""
LARGEST_BIRTHDAY = 400
LARGEST = 60
FEW = 12

Mask = NDArray[np.bool_]
Pairs = NDArray[np.int64]
Choose = Callable[[Ints], Iterator[tuple[int, int]]]


@dataclass
class Blocks:
    """Walks the blocks that hold somebody fresh, and counts those passed over because they are too large."""

    people: People
    fresh: Mask
    skipped: int = 0
    _found: list[Pairs] = field(default_factory=list)

    def pairs(self) -> Pairs:
        """Two columns of places in `people`, the smaller first, each pair once."""
        self._birthdays()
        self._dates_of_a_name()
        self._years_of_a_name()
        self._shared("phone", FEW)
        self._shared("household", LARGEST)
        self._shared("old_id_key", FEW)
        self._old_numbers()
        self._claims()
        found = np.concatenate(self._found) if self._found else np.zeros((0, 2), np.int64)
        found = np.unique(np.sort(found, axis=1), axis=0)
        return found[self.fresh[found[:, 0]] | self.fresh[found[:, 1]]]

    def _birthdays(self) -> None:
        """Names that are near, in another order, or one inside the other, born on one day."""
        dated = np.flatnonzero(self.people.born != NO_DAY)
        for block in self._blocks(dated, self.people.born[dated], 10**9):
            if block.size <= LARGEST_BIRTHDAY:
                self._alike(block)
            else:
                self._crowded_birthday(block)

    def _crowded_birthday(self, block: Ints) -> None:
        """1 January of many years: there, only those who share a family and given name, or a given name, are met."""
        words = [self.people.names[name].split() or [""] for name in self.people.name[block]]
        for chosen in ([one[-1] for one in words], [one[0] + " ".join(one[1:-1]) for one in words]):
            keys = np.unique(np.array(chosen), return_inverse=True)[1].astype(np.int64)
            for inner in self._blocks(block, keys, LARGEST_BIRTHDAY):
                self._alike(inner)

    def _alike(self, block: Ints) -> None:
        names = [self.people.names[name] for name in self.people.name[block]]
        distances = cdist(names, names, scorer=OSA.distance, score_cutoff=NEAR, dtype=np.uint8)
        left, right = np.nonzero(np.triu(distances <= NEAR, 1))
        self._keep(block[left], block[right])
        groups: dict[tuple[str, ...], list[int]] = {}
        for i, name in enumerate(names):
            words = name.split() or [""]
            for key in (tuple(sorted(words)), ("", *sorted((words[0], words[-1])))):
                groups.setdefault(key, []).append(i)
        for same in groups.values():
            if 1 < len(same) <= LARGEST:
                ends = block[same]
                self._all_of(ends)

    def _dates_of_a_name(self) -> None:
        """One name's words, and a day and month that are swapped, or the years beside each other."""
        dated = np.flatnonzero(self.people.born != NO_DAY)
        days = DAY_ZERO + self.people.born[dated].astype("timedelta64[D]")
        months = days.astype("datetime64[M]")
        month = months.astype(np.int64) % 12 + 1
        on = (days - months).astype(np.int64) + 1
        year = self.people.year[dated].astype(np.int64)
        name = self._words()[dated]
        swapped = ((name * 3000 + year) * 32 + np.minimum(month, on)) * 32 + np.maximum(month, on)
        for key in (swapped, (name * 32 + on) * 13 + month):
            for block in self._blocks(dated, key, LARGEST):
                self._all_of(block)

    def _years_of_a_name(self) -> None:
        """One name's words and year in one commune, where of one of them the year alone is known."""
        everybody = np.arange(len(self.people))
        key = self._words() * 3000 + self.people.year
        for block in self._blocks(everybody, key * 10**6 + self.people.commune, LARGEST):
            unknown = block[self.people.born[block] == NO_DAY]
            for one in unknown:
                others = block[block != one]
                self._keep(np.full(others.size, one), others)

    def _words(self) -> Longs:
        """A number for the words of each record's name, in whatever order they stand."""
        bags: dict[str, int] = {}
        codes = [bags.setdefault(" ".join(sorted(name.split())), len(bags)) for name in self.people.names]
        found: Longs = np.array(codes or [0], np.int64)[self.people.name]
        return found

    def _shared(self, attribute: str, largest: int) -> None:
        values: Longs = getattr(self.people, attribute).astype(np.int64)
        holders = np.flatnonzero(values)
        for block in self._blocks(holders, values[holders], largest):
            self._all_of(block)

    def _old_numbers(self) -> None:
        """Somebody's earlier number is another record's number."""
        olds = np.flatnonzero(self.people.old_id_key)
        order = np.argsort(self.people.id_key, kind="stable")
        place = np.searchsorted(self.people.id_key[order], self.people.old_id_key[olds])
        place = np.minimum(place, max(0, order.size - 1))
        hit = self.people.id_key[order[place]] == self.people.old_id_key[olds] if olds.size else np.zeros(0, bool)
        self._keep(olds[hit], order[place][hit] if olds.size else olds)

    def _claims(self) -> None:
        """A list gave one the ID number of the other."""
        claiming = np.flatnonzero(self.people.claims)
        order = np.argsort(self.people.id, kind="stable")
        place = np.searchsorted(self.people.id[order], self.people.claims[claiming])
        holders = order[np.minimum(place, max(0, order.size - 1))] if claiming.size else claiming
        hit = (self.people.id[holders] == self.people.claims[claiming]) & (holders != claiming)
        self._keep(claiming[hit], holders[hit])

    def _all_of(self, block: Ints) -> None:
        i, j = np.triu_indices(block.size, 1)
        self._keep(block[i], block[j])

    def _keep(self, one: NDArray[np.integer], other: NDArray[np.integer]) -> None:
        if one.size:
            self._found.append(np.stack([one, other], axis=1).astype(np.int64))

    def _blocks(self, members: NDArray[np.integer], keys: NDArray[np.integer], largest: int) -> Iterator[Ints]:
        """The members of each key that two or more share, somebody fresh among them; larger ones are counted only."""
        order = np.argsort(keys, kind="stable")
        arranged, sizes = keys[order], np.zeros(0, np.int64)
        if order.size:
            starts = np.flatnonzero(np.r_[True, arranged[1:] != arranged[:-1]])
            sizes = np.diff(np.r_[starts, arranged.size])
            has_fresh = np.add.reduceat(self.fresh[members[order]].astype(np.int64), starts) > 0
            for place in np.flatnonzero((sizes > 1) & has_fresh):
                if sizes[place] > largest:
                    self.skipped += 1
                else:
                    yield members[order[starts[place] : starts[place] + sizes[place]]].astype(np.int32)
