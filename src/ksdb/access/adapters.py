"""How django-allauth behaves here: nobody signs up, sign-ins are limited, secrets of second factors are sealed."""

from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.access.actions import give_back, note_refusal, spend
from ksdb.access.limits import SIGN_IN_BY_ACCOUNT, SIGN_IN_BY_ADDRESS, TooManyAttempts
from ksdb.access.queries import has_second_factor
from ksdb.access.sealing import opened_text, sealed_text
from ksdb.access.trail import scope_in
from ksdb.config import settings
from ksdb.core.addresses import network_of
from ksdb.core.clock import ZONE, now
from ksdb.core.scope import NEEDS_SECOND_FACTOR

FRESH = timedelta(minutes=5)
WRONG = _("The sign-in name or the password is wrong. Check both; capital letters matter.")
WORDS = {
    "account/messages/password_changed.txt": _("Your password was changed. Your other sessions were ended."),
    "mfa/messages/totp_activated.txt": _("Your authenticator app is set up."),
    "mfa/messages/totp_deactivated.txt": _("The authenticator app was removed."),
    "mfa/messages/webauthn_added.txt": _("The passkey was added."),
    "mfa/messages/webauthn_removed.txt": _("The passkey was removed."),
}
"""What the library says, in our words; whatever stands not here is not said."""


def wait_until(error: TooManyAttempts) -> ValidationError:
    """The same sentence whether the account exists or not."""
    time = f"{error.until.astimezone(ZONE):%H:%M}"
    text = gettext("Too many attempts. Try again after %(time)s, or ask your administrator for help.")
    return ValidationError(text % {"time": time}, code="too_many_attempts")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Signing in with name and password."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": WRONG,
        "incorrect_password": _("This is not your password. Check it; capital letters matter."),
        "enter_current_password": _("This is not your password. Check it; capital letters matter."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the library's signature
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Counts before it looks, so that guesses sent at once cannot overtake the count; a right one is given back."""
        scope = scope_in(request)
        limits = [
            (SIGN_IN_BY_ADDRESS, network_of(scope.address)),
            (SIGN_IN_BY_ACCOUNT, str(credentials.get("username", "")).casefold()),
        ]
        try:
            for limit, key in limits:
                spend(scope, limit, key)
        except TooManyAttempts as error:
            raise wait_until(error) from error
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is None or not user.is_active:
            note_refusal(scope, str(credentials.get("username", "")))
            return None
        for limit, key in limits:
            give_back(scope, limit, key)
        return user

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """A sign-in of the last minutes is proof enough."""
        request = context.request
        records = get_authentication_records(request, request.user)
        if records and now().timestamp() - max(r["at"] for r in records) < FRESH.total_seconds():
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))

    def get_client_ip(self, request: HttpRequest) -> str:
        return scope_in(request).address or "0.0.0.0"  # noqa: S104 - an address that nobody has

    def add_message(
        self, request: HttpRequest, level: int, message_template: str = "", *args: Any, **kwargs: Any
    ) -> None:
        del args
        if text := kwargs.get("message") or WORDS.get(message_template):
            messages.add_message(request, level, str(text))

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Accounts have no mail address; the audit trail and the account's own page tell instead."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticator apps, recovery codes and passkeys."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": _(
            "This code is not right. Wait for the next one, and check that the phone's clock is right."
        ),
        "cannot_delete_authenticator": _(
            "Your role asks for a second factor, and this is the only one. Set up another one first."
        ),
        "cannot_generate_recovery_codes": _("Set up an authenticator app or a passkey first."),
    }

    def encrypt(self, text: str) -> str:
        return sealed_text(text)

    def decrypt(self, encrypted_text: str) -> str:
        return opened_text(encrypted_text)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        scope = scope_in(context.request)
        is_bound = settings().asks_second_factor and any(scope.allows(p) for p in NEEDS_SECOND_FACTOR)
        return not is_bound or has_second_factor(scope, besides=authenticator.pk)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Authenticator.Type) -> str:  # noqa: A002
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return gettext("Passkey %(number)s") % {"number": number}
