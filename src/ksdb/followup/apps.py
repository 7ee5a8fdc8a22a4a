"""Names this room to Django."""

from django.apps import AppConfig


class FollowupConfig(AppConfig):
    name = "ksdb.followup"
    label = "followup"

    def ready(self) -> None:
        from ksdb.followup.acts import register

        register()
