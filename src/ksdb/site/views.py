"""The first page, which leads each person to his or her rooms."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from ksdb.web.context import navigation
from ksdb.web.requires import open_to_all


@open_to_all
def home(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return redirect("access:sign_in")
    links = navigation(request)["navigation"]
    return redirect(links[0].url) if links else render(request, "web/no_rooms.html")


@open_to_all
def health(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")
