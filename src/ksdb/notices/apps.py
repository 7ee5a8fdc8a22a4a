"""Names this room to Django."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "ksdb.notices"
    label = "notices"
