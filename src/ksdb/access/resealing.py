"""Columns that hold sealed texts: found in the tables of all rooms, and sealed anew under the newest key in batches."""

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import transaction
from django.db.models import Count, F, Func, IntegerField, Model, QuerySet, Value

from ksdb.access.sealed import SealedField
from ksdb.access.sealing import resealed_text, sealer

BATCH = 1_000
SECRETS = ("secret", "seed")
"""What of an authenticator's data is sealed: the app's secret, the seed of recovery codes."""


@dataclass(frozen=True)
class SealedColumn:
    """One column of one table, with the name its texts are sealed under."""

    model: type[Model]
    name: str
    sealed_as: str

    def rows(self) -> QuerySet[Any]:
        """Those that hold something, each with the version of the key that sealed it."""
        version = Func(F(self.name), Value(0), function="get_byte", output_field=IntegerField())
        found: QuerySet[Any] = self.all().exclude(**{self.name: None}).annotate(version=version)
        return found

    @property
    def table(self) -> str:
        return self.model._meta.db_table  # noqa: SLF001 - Django's own name for it

    def all(self) -> QuerySet[Any]:
        return self.model._base_manager.all()  # noqa: SLF001 - Django's own name for it


def sealed_columns() -> list[SealedColumn]:
    """All there are, in every room."""
    return [
        SealedColumn(model, field.name, field.sealed_as)
        for model in apps.get_models()
        for field in model._meta.fields  # noqa: SLF001 - Django's own name for it
        if isinstance(field, SealedField)
    ]


def versions_in(columns: list[SealedColumn]) -> Counter[int]:
    """How many values each version of the key has sealed, second factors too. Reads each of the tables once."""
    found: Counter[int] = Counter()
    for column in columns:
        found.update(dict(column.rows().order_by().values_list("version").annotate(Count("pk"))))
    found.update(b64decode(secret)[0] for one in _authenticators() for secret in _secrets(one).values())
    return found


def seal_columns_anew(columns: list[SealedColumn]) -> Iterator[int]:
    """Batch after batch, each in a transaction of its own; gives how many values each had, second factors last."""
    for column in columns:
        yield from _column_anew(column)
    yield _second_factors_anew()


def _column_anew(column: SealedColumn) -> Iterator[int]:
    after = 0
    while rows := _under_older_keys(column, after):
        after = rows[-1][0]
        yield _write(column, rows)


def _under_older_keys(column: SealedColumn, after: int) -> list[tuple[int, bytes]]:
    older = column.rows().exclude(version=sealer().newest).filter(pk__gt=after).order_by("pk")
    return [(number, bytes(sealed)) for number, sealed in older.values_list("pk", column.name)[:BATCH]]


@transaction.atomic
def _write(column: SealedColumn, rows: list[tuple[int, bytes]]) -> int:
    """Only what is still as it was read is written: who changes a text meanwhile wins, and has it sealed already."""
    count = 0
    for number, old in rows:
        anew = sealer().sealed_anew(column.sealed_as, old)
        count += column.all().filter(pk=number, **{column.name: old}).update(**{column.name: anew})
    return count


def _authenticators() -> QuerySet[Authenticator]:
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    found: QuerySet[Authenticator] = Authenticator.objects.filter(type__in=kinds)
    return found


def _secrets(one: Authenticator) -> dict[str, str]:
    return {name: one.data[name] for name in SECRETS if one.data.get(name)}


@transaction.atomic
def _second_factors_anew() -> int:
    count = 0
    for one in _authenticators().select_for_update():
        kept = _secrets(one)
        anew = {name: resealed_text(sealed) for name, sealed in kept.items()}
        if changed := sum(anew[name] != kept[name] for name in kept):
            one.data.update(anew)
            one.save(update_fields=["data"])
            count += changed
    return count
