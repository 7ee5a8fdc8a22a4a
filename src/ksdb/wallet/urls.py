"""Addresses of the residents' pages, and of the ward's list of their requests."""

from django.urls import path

from ksdb.wallet.views import card, cards, deciding, entering, household

app_name = "wallet"
urlpatterns = [
    path("my/", entering.home, name="home"),
    path("my/begin/", entering.begin, name="begin"),
    path("my/code/", entering.code, name="code"),
    path("my/look/", entering.look, name="look"),
    path("my/leave/", entering.leave, name="leave"),
    path("my/members/", household.members, name="members"),
    path("my/add/", household.add, name="add"),
    path("my/choose/", household.choose, name="choose"),
    path("my/withdraw/", household.withdraw, name="withdraw"),
    path("my/remove/", household.remove, name="remove"),
    path("my/card/", card.card, name="card"),
    path("my/card/state/", card.state, name="state"),
    path("my/card/bind/", card.bind, name="bind"),
    path("my/card/worker.js", card.worker, name="worker"),
    path("my/card/manifest.webmanifest", card.manifest, name="manifest"),
    path("my/cards/", cards.cards, name="cards"),
    path("my/cards/lost/", cards.lost, name="lost"),
    path("my/cards/found/", cards.found, name="found"),
    path("my/cards/order/", cards.order, name="order"),
    path("my/cards/activate/", cards.activate, name="activate"),
    path("my/cards/activate/number/", cards.activate_number, name="activate_number"),
    path("my/cards/activate/picture/", cards.activate_picture, name="activate_picture"),
    path("my/left/", entering.left, name="left"),
    path("claims/", deciding.claims, name="claims"),
    path("claims/<int:claim_id>/", deciding.claim, name="claim"),
    path("claims/<int:claim_id>/confirm/", deciding.confirm, name="confirm"),
    path("claims/<int:claim_id>/refuse/", deciding.refuse, name="refuse"),
]
