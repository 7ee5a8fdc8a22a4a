"""The addresses of the pages: one line a room."""

from django.urls import include, path

from ksdb.site import views

urlpatterns = [
    path("", views.home, name="home"),
    path("health", views.health, name="health"),
    path("language/", include("django.conf.urls.i18n")),
    path("", include("ksdb.access.urls")),
    path("", include("ksdb.registry.urls")),
    path("", include("ksdb.cards.urls")),
    path("", include("ksdb.coverage.urls")),
    path("", include("ksdb.visits.urls")),
    path("", include("ksdb.tracing.urls")),
    path("", include("ksdb.audit.urls")),
]
