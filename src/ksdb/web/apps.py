"""The room of shared pages, as Django knows it."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "ksdb.web"
    label = "web"
