"""Addresses of the registry's pages."""

from django.urls import path

from ksdb.registry import views
from ksdb.registry.views import desk

app_name = "registry"
urlpatterns = [
    path("residents/", views.residents, name="residents"),
    path("residents/export/", views.residents_export, name="residents_export"),
    path("residents/new/", desk.person_new, name="person_new"),
    path("residents/new/code/", desk.person_code, name="person_code"),
    path("residents/<int:resident_id>/edit/", desk.person_edit, name="person_edit"),
    path("residents/<int:resident_id>/", views.resident, name="resident"),
    path("imports/", views.imports, name="imports"),
    path("imports/sample.xlsx", views.import_sample, name="import_sample"),
    path("imports/<int:import_id>/", views.import_detail, name="import_detail"),
    path("imports/<int:import_id>/columns/", views.import_columns, name="import_columns"),
    path("imports/<int:import_id>/start/", views.import_start, name="import_start"),
    path("imports/<int:import_id>/resume/", views.import_resume, name="import_resume"),
    path("imports/<int:import_id>/discard/", views.import_discard, name="import_discard"),
    path("imports/<int:import_id>/rejected.xlsx", views.import_rejected, name="import_rejected"),
]
