"""How a phone wants its pages to look: large letters, strong contrast. A cookie that says nothing else."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from ksdb.config import settings

COOKIE = "my_look"
YEAR_SECONDS = 365 * 86400


@dataclass(frozen=True)
class Look:
    """What the switches at the top of a page are at."""

    is_large: bool = False
    is_contrast: bool = False

    @property
    def classes(self) -> str:
        return (" is-large" if self.is_large else "") + (" is-contrast" if self.is_contrast else "")


def look_of(request: HttpRequest) -> Look:
    words = request.COOKIES.get(COOKIE, "").split("-")
    return Look(is_large="large" in words, is_contrast="contrast" in words)


def keep_look(response: HttpResponseBase, look: Look) -> None:
    words = [word for word, is_on in (("large", look.is_large), ("contrast", look.is_contrast)) if is_on]
    response.set_cookie(
        COOKIE,
        "-".join(words) or "plain",
        max_age=YEAR_SECONDS,
        secure=settings().has_tls,
        httponly=True,
        samesite="Lax",
    )
