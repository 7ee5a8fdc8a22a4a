"""The first page, which leads each person to his or her rooms."""

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views import i18n
from django.views.decorators.http import require_safe

from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.web.context import navigation
from ksdb.web.requires import open_to_all

SECURITY_TXT_LIFE = timedelta(days=180)


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


@require_safe
@open_to_all
def security_txt(request: HttpRequest) -> HttpResponse:
    """Where to tell of a weakness (RFC 9116). It expires within the year that the standard asks for, ever anew."""
    contact = settings().security_contact
    if not contact:
        raise Http404
    expires = (now() + SECURITY_TXT_LIFE).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = [
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: vi, en",
        f"Canonical: {request.build_absolute_uri()}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
