"""Which records are of one person: whoever has several passes on what any of them met, and is one contact."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from django.db import connection

from ksdb.postgres.named import sql


@dataclass(frozen=True)
class Persons:
    """The records that were merged, each with the record that counts."""

    merged: Mapping[int, int] = field(default_factory=dict)

    @cached_property
    def _records(self) -> Mapping[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        for record, person in sorted(self.merged.items()):
            found[person].append(record)
        return found

    def person(self, record: int) -> int:
        return self.merged.get(record, record)

    def has_several(self, person: int) -> bool:
        return person in self._records

    def records(self, person: int) -> list[int]:
        """The record that counts, then the others."""
        return [person, *self._records.get(person, ())]

    def records_of(self, persons: Iterable[int]) -> set[int]:
        return {record for person in persons for record in self.records(person)}


def merged_persons() -> Persons:
    """All records merged so far, as this snapshot sees them. One index scan of few rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql("ksdb.tracing", "merged_records"))
        return Persons(dict(cursor.fetchall()))
