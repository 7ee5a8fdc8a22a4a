"""Names this room to Django."""

from django.apps import AppConfig


class SmsConfig(AppConfig):
    name = "ksdb.sms"
    label = "sms"
