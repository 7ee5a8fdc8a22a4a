"""Names this room to Django."""

from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "ksdb.access"
    label = "access"

    def ready(self) -> None:
        from ksdb.access.trail import listen

        listen()
