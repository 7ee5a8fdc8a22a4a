"""The registry's records as arrays, as the search for duplicates compares them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NO_DAY = -1
DAY_ZERO = np.datetime64("1850-01-01", "D")
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

_FIELDS = (
    ("id", np.int32), ("name", np.int32), ("written", np.int32), ("born", np.int32), ("year", np.int16),
    ("sex", np.int8), ("household", np.int32), ("group", np.int32), ("commune", np.int32), ("id_digits", np.int8),
    ("id_key", np.int64), ("old_id_key", np.int64), ("phone", np.int64), ("claims", np.int32),
)  # fmt: skip


@dataclass(frozen=True)
class People:
    """One element per record. `name` and `written` are places in `names` (folded) and `spellings` (as entered).

    `born` counts days since 1 January 1850, NO_DAY where only the year is known; `sex` is 0 where it is unknown;
    `id_digits` 0, 9 or 12; keys and phone are 0 where there is none. `claims` is the record whose ID number a list gave
    this one too, 0 mostly.
    """

    id: Ints
    name: Ints
    written: Ints
    born: Ints
    year: NDArray[np.int16]
    sex: NDArray[np.int8]
    household: Ints
    group: Ints
    commune: Ints
    id_digits: NDArray[np.int8]
    id_key: Longs
    old_id_key: Longs
    phone: Longs
    claims: Ints
    names: Sequence[str]
    spellings: Sequence[str]

    def __len__(self) -> int:
        return int(self.id.size)


def gathered(chunks: Iterable[Sequence[Sequence[object]]]) -> People:
    """The people of rows in the order of the fields, with texts for `name` and `written`."""
    names: dict[str, int] = {}
    spellings: dict[str, int] = {}
    parts: list[list[NDArray[np.generic]]] = []
    for rows in chunks:
        columns = list(zip(*rows, strict=True))
        columns[1] = tuple(names.setdefault(str(name), len(names)) for name in columns[1])
        columns[2] = tuple(spellings.setdefault(str(one), len(spellings)) for one in columns[2])
        parts.append([np.array(column, kind) for column, (_, kind) in zip(columns, _FIELDS, strict=True)])
    arrays = {
        field: np.concatenate([part[i] for part in parts]) if parts else np.zeros(0, kind)
        for i, (field, kind) in enumerate(_FIELDS)
    }
    return People(**arrays, names=list(names), spellings=list(spellings))
