"""Addresses of the pages of cards. No name, no printed number and no token ever stands in one."""

from django.urls import path

from ksdb.cards import views
from ksdb.cards.views import keeping, life

app_name = "cards"
urlpatterns = [
    path("print/", views.batches, name="batches"),
    path("print/order/", views.order, name="order"),
    path("print/issue/", views.issue_missing, name="issue_missing"),
    path("print/issue/ask/", views.ask_issue, name="ask_issue"),
    path("print/<int:batch_id>/", views.batch, name="batch"),
    path("print/<int:batch_id>/file", views.batch_file, name="batch_file"),
    path("residents/<int:resident_id>/cards/", views.of_resident, name="of_resident"),
    path("residents/<int:resident_id>/cards/issue/", views.issue, name="issue"),
    path("cards/find/", views.find, name="find"),
    path("cards/<int:index>/activate/", views.activate, name="activate"),
    path("cards/<int:index>/change/", views.change, name="change"),
    path("cards/<int:index>/override/", views.override, name="override"),
    path("cards/<int:index>/replace/", life.replace, name="replace"),
    path("residents/<int:resident_id>/cards/end/", life.end, name="end"),
    path("cards/expiring/", life.expiring, name="expiring"),
    path("keys/", keeping.ledger, name="ledger"),
    path("cards/revoke/", views.revoke, name="revoke"),
]
