"""The first page, which leads each person to his or her rooms."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import i18n

from ksdb.web.context import navigation
from ksdb.web.requires import open_to_all


@open_to_all
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("access:sign_in")
    links = navigation(request)["navigation"]
    return redirect(links[0].url) if links else render(request, "web/no_rooms.html")


@open_to_all
def set_language(request: HttpRequest) -> HttpResponse:
    """Django's own, open also to whoever has not signed in yet; it changes something by POST alone."""
    return i18n.set_language(request)


@open_to_all
def health(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")
