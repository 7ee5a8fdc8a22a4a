"""The sign-in form."""

from django.contrib.auth.forms import AuthenticationForm
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """Sign-in name and password, and one answer for every failure."""

    error_messages = {
        "invalid_login": _("The sign-in name or the password is wrong. Check both; capital letters matter."),
        "inactive": _("The sign-in name or the password is wrong. Check both; capital letters matter."),
    }
