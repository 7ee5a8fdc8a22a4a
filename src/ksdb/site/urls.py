"""The addresses of the pages: one line a room."""

from django.urls import include, path

from ksdb.access.urls import machinery
from ksdb.site import views

# The residents' pages stand first: they are asked for most, and an address is looked for from the top.
urlpatterns = [
    path("", include("ksdb.wallet.urls")),
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path(".well-known/security.txt", views.security_txt, name="security_txt"),
    path("language/", views.set_language, name="set_language"),
    path("", include("ksdb.access.urls")),
    *machinery,
    path("", include("ksdb.approvals.urls")),
    path("", include("ksdb.registry.urls")),
    path("", include("ksdb.cards.urls")),
    path("", include("ksdb.duplicates.urls")),
    path("", include("ksdb.outreach.urls")),
    path("", include("ksdb.coverage.urls")),
    path("", include("ksdb.visits.urls")),
    path("", include("ksdb.enrolment.urls")),
    path("", include("ksdb.sms.urls")),
    path("", include("ksdb.tracing.urls")),
    path("", include("ksdb.followup.urls")),
    path("", include("ksdb.audit.urls")),
]
