"""Names this room to Django."""

from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "ksdb.tracing"
    label = "tracing"

    def ready(self) -> None:
        from ksdb.tracing.acts import register

        register()
