"""By which names of fields ID numbers and phones are sealed; the seal itself is the installation's."""

from ksdb.access.sealing import keys_here, known_checks, opened, remember_keys, sealer, sealer_of_now

__all__ = ["ID_NUMBER", "PHONE", "keys_here", "known_checks", "opened", "remember_keys", "sealer", "sealer_of_now"]

ID_NUMBER = "id_number"
PHONE = "phone"
