"""Addresses of cases, traces and contacts."""

from django.urls import path

from ksdb.tracing import views
from ksdb.tracing.views import changes

app_name = "tracing"
urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/new/", views.case_new, name="case_new"),
    path("cases/new/<int:resident_id>/", views.case_open, name="case_open"),
    path("cases/<int:case_id>/", views.case, name="case"),
    path("cases/<int:case_id>/trace/", views.trace_run, name="trace_run"),
    path("cases/<int:case_id>/close/", views.case_close, name="case_close"),
    path("cases/<int:case_id>/reopen/", views.case_reopen, name="case_reopen"),
    path("traces/exports/<int:act_id>/", views.export_file, name="export_file"),
    path("traces/<int:trace_id>/", views.trace, name="trace"),
    path("traces/<int:trace_id>/changes/", changes.changes, name="changes"),
    path("traces/<int:trace_id>/changes/seen/", changes.changes_seen, name="changes_seen"),
    path("traces/<int:trace_id>/export/", views.export, name="export"),
    path("traces/<int:trace_id>/contacts/<int:contact_id>/", views.contact, name="contact"),
]
