"""Signing in and out."""

from typing import Any

from django.contrib.auth.views import LoginView, LogoutView
from django.utils.translation import gettext_lazy as _

from ksdb.access.forms import SignInForm
from ksdb.config import settings
from ksdb.web.requires import open_to_all


class SignIn(LoginView):
    form_class = SignInForm
    template_name = "access/sign_in.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            title=_("Sign in"), submit_label=_("Sign in"), is_demo=settings().is_demo, **kwargs
        )


sign_in = open_to_all(SignIn.as_view())
sign_out = open_to_all(LogoutView.as_view())
