"""Names this room to Django."""

from django.apps import AppConfig


class TracingConfig(AppConfig):
    name = "ksdb.tracing"
    label = "tracing"

    def ready(self) -> None:
        from ksdb.tracing.acts import register
        from ksdb.tracing.alarms import losing_days_alarm
        from ksdb.web.alarms import ALARMS

        register()
        ALARMS.append(losing_days_alarm)
