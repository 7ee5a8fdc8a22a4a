"""Names this room to Django."""

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "ksdb.visits"
    label = "visits"
