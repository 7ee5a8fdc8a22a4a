"""Addresses of the pages of duplicates."""

from django.urls import path

from ksdb.duplicates import views

app_name = "duplicates"
urlpatterns = [
    path("duplicates/", views.queue, name="queue"),
    path("duplicates/<int:pair_id>/", views.pair, name="pair"),
    path("duplicates/<int:pair_id>/merge/", views.merge, name="merge"),
    path("duplicates/<int:pair_id>/differ/", views.differ, name="differ"),
    path("duplicates/<int:pair_id>/undo/", views.undo, name="undo"),
]
