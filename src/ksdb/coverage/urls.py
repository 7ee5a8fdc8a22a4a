"""Addresses of the coverage pages."""

from django.urls import path

from ksdb.coverage import views

app_name = "coverage"
urlpatterns = [
    path("coverage/", views.divisions, name="divisions"),
    path("coverage/export/", views.export, name="export"),
]
