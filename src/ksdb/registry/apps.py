"""Names this room to Django."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    name = "ksdb.registry"
    label = "registry"
