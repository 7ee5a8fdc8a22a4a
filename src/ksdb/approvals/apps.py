"""Names this room to Django."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "ksdb.approvals"
    label = "approvals"
