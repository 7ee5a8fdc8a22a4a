"""How a file is to be read: what a person chose for it, or what was seen in it; and the shape one remembers it by."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from ksdb.core.names import fold
from ksdb.registry.encodings import Encoding
from ksdb.registry.headings import ADDED, Column, Heading

DELIMITERS = (",", ";", "\t")


class Plan(msgspec.Struct, frozen=True):
    """Encoding and separator of a CSV file, sheet of a workbook, row of the heading (from 0), place of each column."""

    columns: dict[str, int]
    heading_row: int = 0
    sheet: int = 0
    encoding: str = Encoding.UTF_8.value
    delimiter: str = ","

    @property
    def positions(self) -> Mapping[Column, int]:
        return {Column(name): place for name, place in self.columns.items()}


def shape_of(texts: Sequence[str]) -> str:
    """One text for all files with these headings in this order, whatever their letters' case and marks.

    What a correction file adds at the end is no part of it: so that file has the shape of the list it corrects.
    """
    folded = [fold(text) for text in texts]
    while folded and folded[-1] in ADDED:
        folded.pop()
    return hashlib.sha256("\x1f".join(folded).encode()).hexdigest()


def planned(heading: Heading, positions: Mapping[str, int]) -> Heading:
    """The heading with the columns where a plan puts them; a place beyond its end is none."""
    kept = {Column(name): place for name, place in positions.items() if 0 <= place < len(heading.texts)}
    return Heading(heading.row, heading.texts, kept)


def stored_plan(value: object) -> Plan:
    """The plan that an import keeps."""
    return msgspec.convert(value, Plan)
