"""Addresses of the registry's pages."""

from django.urls import path

from ksdb.registry import views

app_name = "registry"
urlpatterns = [
    path("residents/", views.residents, name="residents"),
    path("residents/export/", views.residents_export, name="residents_export"),
    path("residents/<int:resident_id>/", views.resident, name="resident"),
    path("imports/", views.imports, name="imports"),
    path("imports/sample.xlsx", views.import_sample, name="import_sample"),
    path("imports/<int:import_id>/", views.import_detail, name="import_detail"),
    path("imports/<int:import_id>/rejected.xlsx", views.import_rejected, name="import_rejected"),
]
