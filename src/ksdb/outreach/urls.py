"""Addresses of the work at the doors. What a phone takes along lies below `doors/day/`, the scope of its worker."""

from django.urls import path

from ksdb.outreach import day_views, views
from ksdb.outreach.reader_views import ENGINE, reader_file

app_name = "outreach"
urlpatterns = [
    path("doors/", views.groups, name="groups"),
    path("doors/<int:group_id>/", views.group, name="group"),
    path("doors/<int:group_id>/note/", views.note, name="note"),
    path("doors/<int:group_id>/order/", views.order, name="order"),
    path("doors/<int:group_id>/order/address/", views.address_order, name="address_order"),
    path("doors/<int:group_id>/helpers/", views.helpers, name="helpers"),
    path("doors/<int:group_id>/helpers/end/", views.end_helper, name="end_helper"),
    path("doors/<int:group_id>/paper/", views.paper, name="paper"),
    path("doors/<int:group_id>/take/", day_views.take, name="take"),
    path("doors/residents/<int:resident_id>/", views.person, name="person"),
    path("doors/notes/", day_views.notes, name="notes"),
    path("doors/notes/<int:note_id>/settle/", views.settle, name="settle"),
    path("doors/day/", day_views.day, name="day"),
    path("doors/day/reader/camera.js", reader_file, {"name": "camera.js"}, name="reader_camera"),
    path("doors/day/reader/reader-worker.js", reader_file, {"name": "reader-worker.js"}, name="reader_worker"),
    path(f"doors/day/reader/{ENGINE}.js", reader_file, {"name": f"{ENGINE}.js"}, name="reader_engine"),
    path(f"doors/day/reader/{ENGINE}.wasm", reader_file, {"name": f"{ENGINE}.wasm"}, name="reader_wasm"),
    path("doors/day/state", day_views.state, name="state"),
    path("doors/day/worker.js", day_views.worker, name="worker"),
    path("doors/day/manifest.webmanifest", day_views.manifest, name="manifest"),
]
