"""The scanner's files, in memory and as they are: what a browser may do with them, and how long it may keep them."""

import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

BASE: Final = "/scanner/"
FOLDER: Final = Path(__file__).parent / "scanner" / "static" / "scanner"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".wasm": "application/wasm",
    ".webmanifest": "application/manifest+json",
}
_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; "
        "img-src 'self' blob:; media-src 'self' blob:; style-src 'self'; manifest-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "permissions-policy": "camera=(self), serial=(self), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "vary": "accept-encoding",
}
_WORKER: Final = "sw.js"
_UNCACHED: Final = {_WORKER, "sw-sync.js"}


@dataclass(frozen=True, slots=True)
class Page:
    """A file as it is sent, with its packed form where that is smaller."""

    content: bytes
    packed: bytes | None
    media_type: str
    etag: str
    is_forever: bool

    def answer(self, request: Request) -> Response:
        kept = "public, max-age=31536000, immutable" if self.is_forever else "no-cache"
        headers = {**_HEADERS, "etag": self.etag, "cache-control": kept}
        if self.etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        if self.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.packed, 200, {**headers, "content-encoding": "gzip"}, self.media_type)
        return Response(self.content, 200, headers, self.media_type)


def pages(folder: Path = FOLDER) -> dict[str, Page]:
    """Each file by its path below BASE; "" is the app itself. The worker is told what there is, and its version."""
    found = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in _TYPES
    }
    version = hashlib.sha256(b"".join(name.encode() + content for name, content in found.items())).hexdigest()[:16]
    kept = [BASE, *(BASE + name for name in found if name not in _UNCACHED | {"index.html"})]
    told = b'const VERSION = "%b";\nconst FILES = %b;\n' % (version.encode(), msgspec.json.encode(kept))
    found[_WORKER] = told + found[_WORKER]
    found[""] = found.pop("index.html")
    return {name: _page(name or "index.html", content) for name, content in found.items()}


def _page(name: str, content: bytes) -> Page:
    packed = gzip.compress(content, 9, mtime=0)
    is_smaller = len(packed) < 0.9 * len(content)
    etag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
    # A vendored file has its release in its name, so what stands under a name never changes.
    return Page(content, packed if is_smaller else None, _TYPES[Path(name).suffix], etag, name.startswith("vendor/"))


def page_routes(guides: str) -> list[Route]:
    """The app below BASE; whoever opens the bare address is sent there. `guides`: where the other door shows them."""
    ready = pages()

    async def page(request: Request) -> Response:
        known = ready.get(request.path_params["name"])
        if known is None:
            raise HTTPException(404)
        return known.answer(request)

    async def onwards(_request: Request) -> Response:
        return RedirectResponse(BASE, 308, {"cache-control": "no-store"})

    async def to_guides(_request: Request) -> Response:
        return RedirectResponse(guides, 302, {"cache-control": "no-store"})

    return [
        Route(BASE + "guides", to_guides, methods=["GET"]),
        Route(BASE + "{name:path}", page, methods=["GET"]),
        Route(BASE.rstrip("/"), onwards, methods=["GET"]),
        Route("/", onwards, methods=["GET"]),
    ]
