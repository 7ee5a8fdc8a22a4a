"""Addresses of cases, traces and contacts."""

from django.urls import path

from ksdb.tracing import views
from ksdb.tracing.views import backward, casework, changes, notifying, opening, presence, results, ruling, wards

app_name = "tracing"
urlpatterns = [
    path("cases/", views.cases, name="cases"),
    path("cases/backward/", backward.backward, name="backward"),
    path("cases/unknown/", casework.reports, name="reports"),
    path("cases/unknown/new/", casework.report, name="report"),
    path("cases/unknown/<int:report_id>/", casework.reported, name="reported"),
    path("cases/line-list/", casework.line_list, name="line_list"),
    path("cases/line-list/export/", casework.line_export, name="line_export"),
    path("cases/new/", opening.case_new, name="case_new"),
    path("cases/new/<int:resident_id>/", opening.case_open, name="case_open"),
    path("cases/<int:case_id>/", views.case, name="case"),
    path("cases/<int:case_id>/trace/", views.trace_run, name="trace_run"),
    path("cases/<int:case_id>/points/", presence.points, name="points"),
    path("cases/<int:case_id>/points/<int:point_id>/", presence.point, name="point"),
    path("cases/<int:case_id>/points/<int:point_id>/export/", presence.point_export, name="point_export"),
    path("cases/<int:case_id>/result/", casework.result, name="result"),
    path("cases/<int:case_id>/correct/", casework.correct, name="correct"),
    path("cases/<int:case_id>/link/", casework.link, name="link"),
    path("cases/<int:case_id>/unlink/", casework.unlink, name="unlink"),
    path("cases/<int:case_id>/compare/", ruling.compare, name="compare"),
    path("cases/<int:case_id>/close/", views.case_close, name="case_close"),
    path("cases/<int:case_id>/reopen/", views.case_reopen, name="case_reopen"),
    path("rules/", ruling.rules, name="rules"),
    path("rules/new/", ruling.rules_new, name="rules_new"),
    path("rules/<slug:rules_code>/", ruling.rules_edit, name="rules_edit"),
    path("rules/<slug:rules_code>/retire/", ruling.rules_retire, name="rules_retire"),
    path("ward-lists/", wards.ward_lists, name="ward_lists"),
    path("ward-lists/exports/<int:act_id>/", wards.ward_file, name="ward_file"),
    path("ward-lists/<int:list_id>/", wards.ward_list, name="ward_list"),
    path("ward-lists/<int:list_id>/print/", wards.ward_print, name="ward_print"),
    path("ward-lists/<int:list_id>/export/", wards.ward_export, name="ward_export"),
    path("traces/exports/<int:act_id>/", views.export_file, name="export_file"),
    path("traces/<int:trace_id>/", results.trace, name="trace"),
    path("traces/<int:trace_id>/wards/", wards.wards, name="wards"),
    path("traces/<int:trace_id>/changes/", changes.changes, name="changes"),
    path("traces/<int:trace_id>/changes/seen/", changes.changes_seen, name="changes_seen"),
    path("traces/<int:trace_id>/export/", views.export, name="export"),
    path("traces/<int:trace_id>/tell/", notifying.tell, name="tell"),
    path("traces/<int:trace_id>/contacts/<int:contact_id>/", results.contact, name="contact"),
    path("traces/<int:trace_id>/places/", results.places, name="places"),
    path(
        "traces/<int:trace_id>/contacts/<int:contact_id>/meetings/<int:meeting_id>/dispute/",
        results.dispute,
        name="dispute",
    ),
]
