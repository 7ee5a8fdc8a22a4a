"""The seal of this room: how ID numbers and phones are kept, and by which names of fields."""

from functools import cache

from ksdb.config import settings
from ksdb.core.seal import Sealer

ID_NUMBER = "id_number"
PHONE = "phone"


@cache
def sealer() -> Sealer:
    """The sealer with this installation's keys."""
    return Sealer(settings().secret("seal_key"), settings().secret("match_key"))
