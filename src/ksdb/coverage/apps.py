"""Names this room to Django."""

from django.apps import AppConfig


class CoverageConfig(AppConfig):
    name = "ksdb.coverage"
    label = "coverage"
