"""Addresses where places are registered and decided about."""

from django.urls import path

from ksdb.enrolment import views

app_name = "enrolment"
urlpatterns = [
    path("places/register/", views.register, name="register"),
    path("places/code/", views.code, name="code"),
    path("places/status/", views.status, name="status"),
    path("places/link/", views.link, name="link"),
    path("guides/", views.guides_page, name="guides"),
    path("guides/<slug:name>/", views.guide, name="guide"),
    path("places/waiting/", views.waiting, name="waiting"),
    path("places/<int:place_id>/", views.place, name="place"),
    path("places/<int:place_id>/correct/", views.correct, name="correct"),
    path("places/<int:place_id>/approve/", views.approve, name="approve"),
    path("places/<int:place_id>/refuse/", views.refuse, name="refuse"),
]
