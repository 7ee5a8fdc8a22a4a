"""What a list looks like before anything of it is written: the verdicts over the whole file, and its first rows."""

from pathlib import Path
from typing import Any

import msgspec

SAMPLE_ROWS = 20


class Found(msgspec.Struct, frozen=True):
    """How often a problem stands in a file, and in which row first."""

    code: str
    column: str
    is_rejection: bool
    count: int
    first_row: int


class Preview(msgspec.Struct, frozen=True):
    """What an import would come to, as far as can be told beforehand. Holds no data of a person."""

    new_count: int
    known_count: int
    rejected_count: int
    warned_count: int
    new_groups: tuple[str, ...]
    found: tuple[Found, ...]


class SampleProblem(msgspec.Struct, frozen=True):
    """A problem of a shown row."""

    code: str
    column: str
    other_row: int | None = None


class SampleRow(msgspec.Struct, frozen=True):
    """One of the first rows as the file has it, with what would become of it: new, known or rejected."""

    number: int
    cells: tuple[str, ...]
    verdict: str
    problems: tuple[SampleProblem, ...]


def look_path(folder: Path, import_id: int) -> Path:
    return folder / f"{import_id}-look.json"


def sample_path(folder: Path, import_id: int) -> Path:
    return folder / f"{import_id}-sample.json"


def stored_preview(value: object) -> Preview:
    """The preview that an import keeps."""
    return msgspec.convert(value, Preview)


def write_private(path: Path, value: Any) -> None:
    """As JSON, readable by this user only."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_bytes(msgspec.json.encode(value))
    part.replace(path)
