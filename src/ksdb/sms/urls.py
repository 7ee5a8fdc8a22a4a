"""Addresses of the outbox, and of what happened with codes."""

from django.urls import path

from ksdb.sms import views

app_name = "sms"
urlpatterns = [path("outbox/", views.outbox, name="outbox"), path("phone-codes/", views.codes, name="codes")]
