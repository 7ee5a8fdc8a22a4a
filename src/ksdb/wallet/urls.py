"""Addresses of the residents' pages."""

from django.urls import path

from ksdb.wallet.views import card, entering, household

app_name = "wallet"
urlpatterns = [
    path("my/", entering.home, name="home"),
    path("my/begin/", entering.begin, name="begin"),
    path("my/code/", entering.code, name="code"),
    path("my/look/", entering.look, name="look"),
    path("my/leave/", entering.leave, name="leave"),
    path("my/members/", household.members, name="members"),
    path("my/choose/", household.choose, name="choose"),
    path("my/card/", card.card, name="card"),
]
