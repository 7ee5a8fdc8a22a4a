"""COPY in and out: rows by the hundred thousand without a round trip each."""

from collections.abc import Iterable, Sequence

import numpy as np
import psycopg
from psycopg import sql

_HEADER_BYTES = 19  # signature, flags and extension length of the binary format


def copy_in(
    cursor: psycopg.Cursor[object], table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Appends rows to a table; part of the caller's transaction."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def binary_dtype(fields: Sequence[tuple[str, str]]) -> np.dtype[np.void]:
    """The layout of one row of binary COPY whose columns are fixed-width and never null, e.g. `[("index", ">i4")]`."""
    parts: list[tuple[str, str]] = [("_count", ">i2")]
    for name, kind in fields:
        parts += [(f"_{name}_bytes", ">i4"), (name, kind)]
    return np.dtype(parts)


def from_binary(data: bytes, dtype: np.dtype[np.void]) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """The rows of a whole binary COPY output."""
    return np.frombuffer(data, dtype, (len(data) - _HEADER_BYTES - 2) // dtype.itemsize, _HEADER_BYTES)


def to_binary(rows: np.ndarray[tuple[int], np.dtype[np.void]]) -> bytes:
    """Rows in the layout of `binary_dtype` as input for COPY ... (FORMAT binary), with its head and tail."""
    return b"PGCOPY\n\xff\r\n\0" + bytes(8) + rows.tobytes() + b"\xff\xff"


def filled(dtype: np.dtype[np.void], count: int) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """`count` empty rows with the column counts and widths already in place."""
    assert dtype.names is not None  # noqa: S101 - a structured dtype by construction
    rows = np.zeros(count, dtype)
    rows["_count"] = (len(dtype.names) - 1) // 2
    for name in dtype.names[1::2]:
        rows[name] = dtype[name.removeprefix("_").removesuffix("_bytes")].itemsize
    return rows
