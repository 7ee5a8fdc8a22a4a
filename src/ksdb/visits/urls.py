"""Addresses of the pages of scan points and of retention."""

from django.urls import path

from ksdb.visits import views

app_name = "visits"
urlpatterns = [
    path("points/", views.points, name="points"),
    path("retention/", views.retention, name="retention"),
    path("retention/delete/", views.ask_day_delete, name="ask_day_delete"),
]
