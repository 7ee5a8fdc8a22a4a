"""Names this room to Django."""

from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "ksdb.visits"
    label = "visits"

    def ready(self) -> None:
        from ksdb.visits.acts import register

        register()
