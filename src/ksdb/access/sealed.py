"""The column that holds a sealed text, for the tables of every room: so a rotation of the key finds it."""

from typing import Any

from django.db.models import BinaryField


class SealedField(BinaryField):  # type: ignore[type-arg]  # Django's own takes none at run time
    """A sealed text; `sealed_as` is the name of the field that it was sealed under. To the database it is bytes."""

    def __init__(self, sealed_as: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.sealed_as = sealed_as

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, _, positional, options = super().deconstruct()
        return name, "django.db.models.BinaryField", list(positional), options
