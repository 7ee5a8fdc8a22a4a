"""The addresses of the outbox, of its figures, and of a provider's receipts."""

from django.urls import path

from ksdb.sms import views

app_name = "sms"
urlpatterns = [
    path("outbox/", views.outbox, name="outbox"),
    path("messages/", views.figures, name="figures"),
    path("messages/receipts/", views.receipts, name="receipts"),
]
