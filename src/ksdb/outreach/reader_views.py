"""The camera's reader of codes, which is the scanner's: its files below the phone's page, so that it works offline.

A browser asks the service worker for a worker's files only where they lie below the page of the day; and a worker has
the policy that its own file came with. So WebAssembly is allowed to the reader alone, and to no page.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TypeVar, cast

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET

import ksdb
from ksdb.core.scope import Permission
from ksdb.web.middleware import HEADERS
from ksdb.web.requires import ScopedRequest, requires

FOLDER = Path(ksdb.__path__[0]) / "gateway" / "scanner" / "static" / "scanner"
ENGINE = "vendor/zxing-reader-3.1.4"
FILES = {
    "camera.js": "text/javascript; charset=utf-8",
    "reader-worker.js": "text/javascript; charset=utf-8",
    f"{ENGINE}.js": "text/javascript; charset=utf-8",
    f"{ENGINE}.wasm": "application/wasm",
}
POLICY = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


@require_GET
@requires(Permission.OUTREACH_LIST_READ)
def reader_file(_request: ScopedRequest, name: str) -> HttpResponse:
    headers = {"Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff"}
    return HttpResponse((FOLDER / name).read_bytes(), content_type=FILES[name], headers=headers)


def with_camera(view: View) -> View:
    """Lets the page of the view ask for the camera, which every other page may not."""

    @wraps(view)
    def seeing(request: ScopedRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        answer = view(request, *args, **kwargs)
        answer.headers["Permissions-Policy"] = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
        return answer

    return cast("View", seeing)
