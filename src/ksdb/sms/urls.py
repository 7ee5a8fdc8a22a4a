"""The address of the outbox."""

from django.urls import path

from ksdb.sms import views

app_name = "sms"
urlpatterns = [path("outbox/", views.outbox, name="outbox")]
