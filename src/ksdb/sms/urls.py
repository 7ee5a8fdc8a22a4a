"""Addresses of the outbox, of what messages cost, of what happened with codes, and of a provider's receipts."""

from django.urls import path

from ksdb.sms import views

app_name = "sms"
urlpatterns = [
    path("outbox/", views.outbox, name="outbox"),
    path("messages/", views.figures, name="figures"),
    path("messages/receipts/", views.receipts, name="receipts"),
    path("phone-codes/", views.codes, name="codes"),
]
