"""Addresses of the pages of scan points."""

from django.urls import path

from ksdb.visits import views

app_name = "visits"
urlpatterns = [path("points/", views.points, name="points")]
