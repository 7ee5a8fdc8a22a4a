"""Names this room to Django."""

from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "ksdb.wallet"
    label = "wallet"

    def ready(self) -> None:
        from ksdb.notices.reaching import REACHES
        from ksdb.wallet.actions.mine import reach_of_holders

        REACHES.append(reach_of_holders)
