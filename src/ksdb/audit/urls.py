"""Addresses of the audit pages."""

from django.urls import path

from ksdb.audit import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.entries, name="entries"),
    path("audit/counts/", views.counts, name="counts"),
]
