"""What every answer of the site passes: its content security policy, and our errors as pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext, override

from ksdb.core.errors import KsdbError

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
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{kind} {sources}" for kind, sources in POLICY.items()),
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
}


class ContentSecurityPolicyMiddleware:
    """Lets a page load from its own origin only; a view that needs another policy sets the header itself."""

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
        if not isinstance(exception, KsdbError):
            return None
        context = {
            "message": gettext(exception.sentence()),
            "code": exception.code,
            "status": exception.status,
            # When the fault is ours the database may be gone, and the full frame asks it who is signed in.
            "frame": "web/frame.html" if exception.status >= 500 else "web/base.html",
        }
        return render(request, "web/error.html", context, status=exception.status)
