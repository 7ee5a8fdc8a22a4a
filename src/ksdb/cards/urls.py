"""Addresses of the pages of cards. No name, no printed number and no token ever stands in one."""

from django.urls import path

from ksdb.cards import views
from ksdb.cards.views import keeping, life, printing

app_name = "cards"
urlpatterns = [
    path("print/", printing.batches, name="batches"),
    path("print/order/", printing.order, name="order"),
    path("print/costs/", printing.costs, name="costs"),
    path("print/issue/", printing.issue_missing, name="issue_missing"),
    path("print/issue/ask/", views.ask_issue, name="ask_issue"),
    path("print/<int:batch_id>/", printing.batch, name="batch"),
    path("print/<int:batch_id>/files/<int:part_number>", printing.batch_file, name="batch_file"),
    path("print/<int:batch_id>/printed/", printing.batch_printed, name="batch_printed"),
    path("print/<int:batch_id>/misprints/", printing.batch_misprint, name="batch_misprint"),
    path("print/<int:batch_id>/reprint/", printing.batch_reprint, name="batch_reprint"),
    path("print/<int:batch_id>/resume/", printing.batch_resume, name="batch_resume"),
    path("print/<int:batch_id>/redraw/", printing.batch_redraw, name="batch_redraw"),
    path("print/<int:batch_id>/cancel/", printing.batch_cancel, name="batch_cancel"),
    path("residents/<int:resident_id>/cards/letter/", printing.print_letter, name="print_letter"),
    path("cards/<int:index>/print/", printing.print_card, name="print_card"),
    path("residents/<int:resident_id>/cards/", views.of_resident, name="of_resident"),
    path("residents/<int:resident_id>/cards/issue/", views.issue, name="issue"),
    path("cards/find/", views.find, name="find"),
    path("cards/<int:index>/activate/", views.activate, name="activate"),
    path("cards/<int:index>/change/", views.change, name="change"),
    path("cards/<int:index>/override/", views.override, name="override"),
    path("cards/<int:index>/replace/", life.replace, name="replace"),
    path("cards/<int:index>/block/", life.block, name="block"),
    path("residents/<int:resident_id>/cards/end/", life.end, name="end"),
    path("cards/expiring/", life.expiring, name="expiring"),
    path("keys/", keeping.ledger, name="ledger"),
    path("cards/revoke/", views.revoke, name="revoke"),
]
