"""Addresses of the pages of scan points and of retention."""

from django.urls import path

from ksdb.visits import dispute_views, point_views, retime_views, views

app_name = "visits"
urlpatterns = [
    path("points/", views.points, name="points"),
    path("points/own/", point_views.own, name="own_points"),
    path("points/silent/", point_views.silent, name="silent_points"),
    path("points/<int:point_id>/", point_views.point, name="point"),
    path("points/<int:point_id>/ways/", point_views.ways, name="ways"),
    path("points/<int:point_id>/code/", point_views.code, name="code"),
    path("points/<int:point_id>/withdraw-codes/", point_views.withdraw, name="withdraw_codes"),
    path("points/<int:point_id>/devices/<int:device_id>/rename/", point_views.rename, name="rename_device"),
    path("points/<int:point_id>/devices/<int:device_id>/revoke/", point_views.revoke, name="revoke_device"),
    path("points/<int:point_id>/devices/<int:device_id>/times/", retime_views.retime_device, name="retime_device"),
    path("disputes/", dispute_views.disputes, name="disputes"),
    path("disputes/<int:dispute_id>/", dispute_views.dispute, name="dispute"),
    path("retention/", views.retention, name="retention"),
    path("retention/delete/", views.ask_day_delete, name="ask_day_delete"),
]
