"""By which names of fields ID numbers and phones are sealed; the seal itself is the installation's."""

from ksdb.access.sealing import opened, sealer, sealer_of_now

__all__ = ["ID_NUMBER", "PHONE", "opened", "sealer", "sealer_of_now"]

ID_NUMBER = "id_number"
PHONE = "phone"
