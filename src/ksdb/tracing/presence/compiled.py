"""How functions over arrays are compiled: once, kept below the var folder."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from ksdb.config import settings

F = TypeVar("F", bound=Callable[..., Any])

setattr(numba.config, "CACHE_DIR", str((settings().var_dir / "numba").resolve()))  # noqa: B010 - set at run time


def compiled(function: F) -> F:
    """The function as machine code; the first call with new kinds of arguments takes a second or two."""
    made: Any = numba.njit(cache=True, nogil=True)(function)
    return cast("F", made)
