"""Names this room to Django."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "ksdb.audit"
    label = "audit"
