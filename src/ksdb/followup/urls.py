"""Addresses of follow-ups, chains and drills."""

from django.urls import path

from ksdb.followup import views
from ksdb.followup.views import cases, chains, drills, persons

app_name = "followup"
urlpatterns = [
    path("follow-up/", views.today_list, name="today"),
    path("follow-up/paper/", views.paper, name="paper"),
    path("follow-up/export/", views.export, name="export"),
    path("follow-up/exports/<int:act_id>/", views.export_file, name="export_file"),
    path("follow-up/cases/", cases.progress, name="progress"),
    path("follow-up/cases/<int:case_id>/", cases.case, name="case"),
    path("follow-up/traces/<int:trace_id>/", cases.follow, name="follow"),
    path("follow-up/traces/<int:trace_id>/second/", cases.choose, name="choose"),
    path("follow-up/<int:follow_up_id>/", persons.person, name="person"),
    path("follow-up/<int:follow_up_id>/call/", persons.call, name="call"),
    path("follow-up/<int:follow_up_id>/day/", persons.day, name="day"),
    path("follow-up/<int:follow_up_id>/assign/", persons.assign, name="assign"),
    path("follow-up/<int:follow_up_id>/close/", persons.close, name="close"),
    path("follow-up/<int:follow_up_id>/reopen/", persons.reopen, name="reopen"),
    path("follow-up/<int:follow_up_id>/case/", persons.became_case, name="became_case"),
    path("chains/", chains.chains, name="chains"),
    path("chains/graph.json", chains.graph, name="graph"),
    path("chains/reported/<int:report_id>/", chains.reported_chain, name="reported_chain"),
    path("chains/reported/<int:report_id>/graph.json", chains.reported_graph, name="reported_graph"),
    path("chains/<int:case_id>/", chains.chain, name="chain"),
    path("chains/<int:case_id>/graph.json", chains.chain_graph, name="chain_graph"),
    path("drills/", drills.drills, name="drills"),
]
