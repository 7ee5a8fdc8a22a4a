"""By which names of fields ID numbers and phones are sealed; the seal itself is the installation's."""

from functools import lru_cache

from ksdb.access.sealing import keys_here, known_checks, opened, remember_keys, sealer, sealer_of_now
from ksdb.core.seal import Sealer

__all__ = [
    "END_DIGITS",
    "ID_NUMBER",
    "PHONE",
    "end_key",
    "keys_here",
    "known_checks",
    "opened",
    "remember_keys",
    "sealer",
    "sealer_of_now",
]

ID_NUMBER = "id_number"
PHONE = "phone"
END_DIGITS = 4


@lru_cache(20_000)
def end_key(sealer: Sealer, field: str, end: str) -> int:
    """A keyed hash of the last four digits of a number: to find it by, in the company of something else."""
    return int.from_bytes(sealer.match_key(f"{field}_end", end)[:8], "big", signed=True)
