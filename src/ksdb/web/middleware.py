"""What every request and answer of the site passes: its headers, its size, and our errors as pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import http_date
from django.utils.translation import gettext, override

from ksdb.core.errors import KsdbError
from ksdb.web.requires import MOST_BYTES

Handler = Callable[[HttpRequest], HttpResponse]

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "manifest-src": "'self'",
    "worker-src": "'self'",
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{kind} {sources}" for kind, sources in POLICY.items()),
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}


def with_geolocation(response: HttpResponse) -> HttpResponse:
    """Lets this page ask the browser where it is; the browser asks the person."""
    response.headers["Permissions-Policy"] = HEADERS["Permissions-Policy"].replace(
        "geolocation=()", "geolocation=(self)"
    )
    return response


class RequestTooLarge(KsdbError):
    """The request is larger than this page takes. Divide the file into parts, and send them one by one."""

    code = "request_too_large"
    status = 413


class ContentSecurityPolicyMiddleware:
    """Lets a page load from its own origin only, and keeps it in no store that outlives the session.

    A view that needs another policy sets the header itself.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class ChosenLanguageMiddleware:
    """Vietnamese, unless the person chose another language: what a browser prefers says nothing about its owner."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class KsdbErrorMiddleware:
    """Answers a `KsdbError` with a page that says what happened and what to do next."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        return error_page(request, exception) if isinstance(exception, KsdbError) else None


class RequestSizeMiddleware:
    """Refuses what is larger than the page takes before any of it is read: an upload is first written to the disk."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Handler, *_: object) -> HttpResponse | None:
        most = getattr(view, "most_bytes", MOST_BYTES) if request.user.is_authenticated else MOST_BYTES
        announced = request.META.get("CONTENT_LENGTH") or "0"
        is_fine = announced.isascii() and announced.isdigit() and len(announced) < 16 and int(announced) <= most
        return None if is_fine else error_page(request, RequestTooLarge())


def error_page(request: HttpRequest, error: KsdbError) -> HttpResponse:
    context = {
        "message": gettext(error.sentence()),
        "code": error.code,
        "status": error.status,
        "until": error.until,
        # When the fault is ours the database may be gone, and the full frame asks it who is signed in.
        "frame": "web/frame.html" if error.status >= 500 else "web/base.html",
    }
    answer = render(request, "web/error.html", context, status=error.status)
    if error.until:
        answer.headers["Retry-After"] = http_date(error.until.timestamp())
    return answer
