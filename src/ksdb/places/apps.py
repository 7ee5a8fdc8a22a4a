"""Names this room to Django."""

from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "ksdb.places"
    label = "places"
