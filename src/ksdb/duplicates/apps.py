"""Names this room to Django."""

from django.apps import AppConfig


class DuplicatesConfig(AppConfig):
    name = "ksdb.duplicates"
    label = "duplicates"
