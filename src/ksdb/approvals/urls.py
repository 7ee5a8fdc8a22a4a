"""Addresses of acts that need two persons."""

from django.urls import path

from ksdb.approvals import views

app_name = "approvals"
urlpatterns = [
    path("approvals/", views.acts, name="acts"),
    path("approvals/<int:act_id>/", views.act, name="act"),
    path("approvals/<int:act_id>/approve/", views.approve, name="approve"),
    path("approvals/<int:act_id>/refuse/", views.refuse, name="refuse"),
    path("approvals/<int:act_id>/withdraw/", views.withdraw, name="withdraw"),
]
