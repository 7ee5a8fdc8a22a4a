"""Names this room to Django."""

from django.apps import AppConfig


class EnrolmentConfig(AppConfig):
    name = "ksdb.enrolment"
    label = "enrolment"
