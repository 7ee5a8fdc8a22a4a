"""Names this room to Django."""

from django.apps import AppConfig


class OutreachConfig(AppConfig):
    name = "ksdb.outreach"
    label = "outreach"
