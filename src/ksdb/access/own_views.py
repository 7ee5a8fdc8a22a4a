"""Signing in and out, and the pages of one's own account: django-allauth's views in our words."""

import json
from typing import Any

from allauth.account.views import LoginView, LogoutView, PasswordChangeView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as ConfirmByCodeView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, ReauthenticateWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ksdb.access.actions import end_other_sessions, end_own_session
from ksdb.access.queries import has_second_factor, own_sessions
from ksdb.access.trail import note_second_factor
from ksdb.config import settings
from ksdb.web.requires import ScopedRequest, for_own_account, open_to_all

OVERVIEW = reverse_lazy("mfa_index")
LEFT_ON_DEVICE = "left_on_device"
"""In the session: the page of what was taken along on the device, to be looked at before signing out."""


class _PasskeyOptions:
    """What the browser is asked for, as text for an attribute: pages carry no inline scripts."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        if "js_data" in context:
            (options,) = context["js_data"].values()
            context["options"] = json.dumps(options, cls=DjangoJSONEncoder)
        return context


class _SignIn(LoginView):  # type: ignore[misc]
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ours = settings()
        return super().get_context_data(  # type: ignore[no-any-return]
            is_demo=ours.is_demo, asks_second_factor=ours.asks_second_factor, **kwargs
        )


class _Code(_PasskeyOptions, AuthenticateView):  # type: ignore[misc]
    pass


class _Proof:
    """Whoever has just set up a factor has shown it."""

    request: HttpRequest
    factor: str

    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        note_second_factor(self.request, self.request.user, self.factor)  # type: ignore[arg-type]
        return response


class _SetUpApp(_Proof, ActivateTOTPView):  # type: ignore[misc]
    factor = "totp"


class _AddPasskey(_Proof, _PasskeyOptions, AddWebAuthnView):  # type: ignore[misc]
    factor = "webauthn"


class _ConfirmByPasskey(_PasskeyOptions, ReauthenticateWebAuthnView):  # type: ignore[misc]
    pass


class _RecoveryCodes(ViewRecoveryCodesView):  # type: ignore[misc]
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not has_second_factor(request.scope):  # type: ignore[attr-defined]
            return redirect("mfa_index")
        return super().get(request, *args, **kwargs)


def _words(title: Any, submit: Any, cancel: Any = None) -> dict[str, Any]:
    return {"title": title, "submit_label": submit, "cancel_url": cancel}


sign_in = open_to_all(
    _SignIn.as_view(template_name="access/sign_in.html", extra_context=_words(_("Sign in"), _("Sign in")))
)


@open_to_all
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """What the session left on the device goes with it; there may be something in it that was not sent yet."""
    left = request.session.get(LEFT_ON_DEVICE)
    if left and "sure" not in request.POST:
        return render(request, "access/sign_out.html", {"left": left})
    response: HttpResponse = LogoutView.as_view()(request)
    if left:
        response.headers["Clear-Site-Data"] = '"storage"'
    return response


code = open_to_all(
    _Code.as_view(template_name="access/code.html", extra_context=_words(_("Second step"), _("Sign in")))
)

overview = for_own_account(IndexView.as_view(template_name="access/overview.html"))
password = for_own_account(
    PasswordChangeView.as_view(
        template_name="web/form_page.html",
        success_url=OVERVIEW,
        extra_context=_words(_("Change the password"), _("Change"), OVERVIEW),
    )
)
_confirm_words = _words(_("Please confirm that it is you"), _("Confirm"), OVERVIEW)
confirm = for_own_account(ReauthenticateView.as_view(template_name="access/confirm.html", extra_context=_confirm_words))
confirm_by_code = for_own_account(
    ConfirmByCodeView.as_view(template_name="access/confirm.html", extra_context=_confirm_words)
)
confirm_by_passkey = for_own_account(
    _ConfirmByPasskey.as_view(template_name="access/confirm_by_passkey.html", extra_context=_confirm_words)
)
set_up_app = for_own_account(
    never_cache(
        _SetUpApp.as_view(
            template_name="access/set_up_app.html",
            extra_context=_words(_("Set up the second factor"), _("Confirm"), OVERVIEW),
        )
    )
)
remove_app = for_own_account(
    DeactivateTOTPView.as_view(
        template_name="access/remove.html",
        extra_context=_words(_("Remove the authenticator app"), _("Remove"), OVERVIEW),
    )
)
recovery_codes = for_own_account(never_cache(_RecoveryCodes.as_view(template_name="access/recovery_codes.html")))
new_recovery_codes = for_own_account(
    GenerateRecoveryCodesView.as_view(
        template_name="access/new_recovery_codes.html",
        extra_context=_words(_("New recovery codes"), _("Make new codes"), OVERVIEW),
    )
)
add_passkey = for_own_account(
    _AddPasskey.as_view(
        template_name="access/add_passkey.html", extra_context=_words(_("Add a passkey"), _("Add"), OVERVIEW)
    )
)
remove_passkey = for_own_account(
    RemoveWebAuthnView.as_view(
        template_name="access/remove.html",
        success_url=OVERVIEW,
        extra_context=_words(_("Remove the passkey"), _("Remove"), OVERVIEW),
    )
)


@for_own_account
def second_factor(request: ScopedRequest) -> HttpResponse:
    """Where every page leads that may not be seen with a password alone."""
    if has_second_factor(request.scope):
        return redirect(f"{reverse('mfa_reauthenticate')}?next=/")
    return redirect("mfa_activate_totp")


@for_own_account
def sessions(request: ScopedRequest) -> HttpResponse:
    context = {"sessions": own_sessions(request.scope), "current_key": request.session.session_key}
    return render(request, "access/sessions.html", context)


@for_own_account
@require_POST
def end_session(request: ScopedRequest, session_id: int) -> HttpResponse:
    end_own_session(request.scope, session_id)
    messages.success(request, gettext("The session was ended."))
    return redirect("access:sessions")


@for_own_account
@require_POST
def end_others(request: ScopedRequest) -> HttpResponse:
    end_other_sessions(request.scope, request.session.session_key or "")
    messages.success(request, gettext("All other sessions were ended."))
    return redirect("access:sessions")
