"""Names this room to Django."""

from django.apps import AppConfig


class CardsConfig(AppConfig):
    name = "ksdb.cards"
    label = "cards"
