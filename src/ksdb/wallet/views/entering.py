"""Coming in and going out: the phone number, its code, how pages look, signing out."""

from django.conf import settings as django_settings
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language, gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from ksdb.access.limits import TooManyAttempts
from ksdb.config import settings
from ksdb.core.scope import Scope
from ksdb.sms.actions import CodeWrong, NoCarrier, TooManyNumbers, check_code, send_code
from ksdb.wallet.actions import sign_in_phone, sign_out_phone
from ksdb.wallet.forms import CodeForm, NumberForm
from ksdb.wallet.looks import YEAR_SECONDS, Look, keep_look, look_of
from ksdb.wallet.queries import Mine, signed_in_phone
from ksdb.wallet.session import HolderRequest, forget_signed_in, keep_signed_in, phone_of, phone_page
from ksdb.wallet.shells import shell
from ksdb.web.requires import ScopedRequest, open_to_all

NOT_SENT = (NoCarrier, TooManyNumbers, TooManyAttempts)


def strangers_scope(request: ScopedRequest) -> Scope:
    """Nobody's: also where an officer is signed in to the staff pages of the same browser."""
    return Scope(None, address=str(request.META.get("REMOTE_ADDR", "")))


@open_to_all
@never_cache
def home(request: ScopedRequest) -> HttpResponse:
    """The first page of a resident: the card, or what it is and how to come by it."""
    mine = phone_of(request)
    if mine is None:
        return render(request, "wallet/home.html")
    return redirect(_first_page(mine))


def _first_page(mine: Mine | None) -> str:
    return "wallet:card" if mine and mine.holdings else "wallet:members"


@open_to_all
@never_cache
@sensitive_post_parameters()
def begin(request: ScopedRequest) -> HttpResponse:
    if not request.POST:
        return shell(request, "wallet/begin.html", lambda: {"form": NumberForm()})
    form = NumberForm(request.POST)
    if form.is_valid():
        try:
            send_code(strangers_scope(request), request.session, form.cleaned_data["phone"])
        except NOT_SENT as error:
            form.add_error(None, gettext(error.sentence()))
        else:
            return redirect("wallet:code")
    return render(request, "wallet/begin.html", {"form": form}, status=422)


@open_to_all
@never_cache
@sensitive_post_parameters()
def code(request: ScopedRequest) -> HttpResponse:
    is_demo = settings().is_demo
    if not request.POST:
        return shell(request, "wallet/code.html", lambda: {"form": CodeForm(), "is_demo": is_demo}, is_demo)
    form = CodeForm(request.POST)
    scope = strangers_scope(request)
    if form.is_valid():
        try:
            number = check_code(scope, request.session, form.cleaned_data["code"], ends=True)
        except (CodeWrong, TooManyAttempts) as error:
            form.add_error("code", gettext(error.sentence()))
        else:
            token = sign_in_phone(scope, number, get_language() or "vi")
            answer = redirect(_first_page(signed_in_phone(scope, token)))
            keep_signed_in(answer, token)
            return answer
    return render(request, "wallet/code.html", {"form": form, "is_demo": is_demo}, status=422)


@phone_page
@require_POST
def leave(request: HolderRequest) -> HttpResponse:
    sign_out_phone(request.scope, request.mine)
    answer = redirect("wallet:left")
    forget_signed_in(answer)
    return answer


@open_to_all
@never_cache
def left(request: ScopedRequest) -> HttpResponse:
    """Its script takes everything of the cards off the phone."""
    return render(request, "wallet/left.html")


@open_to_all
@require_POST
def look(request: ScopedRequest) -> HttpResponse:
    """Language, size of the letters, contrast: each button changes one of them and leads back to its page."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    answer = HttpResponseRedirect(back if is_ours and back.startswith("/") else reverse("wallet:home"))
    if (language := request.POST.get("language", "")) in dict(django_settings.LANGUAGES):
        answer.set_cookie(
            django_settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=YEAR_SECONDS,
            secure=settings().has_tls,
            httponly=True,
            samesite="Lax",
        )
    now_is = look_of(request)
    switched = request.POST.get("switch", "")
    keep_look(
        answer,
        Look(
            is_large=now_is.is_large != (switched == "large"),
            is_contrast=now_is.is_contrast != (switched == "contrast"),
        ),
    )
    return answer
