"""Names this room to Django."""

from django.apps import AppConfig


class WalletConfig(AppConfig):
    name = "ksdb.wallet"
    label = "wallet"
