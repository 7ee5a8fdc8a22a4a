"""Forms of this room: signing in, proving who one is, and inviting and entitling others."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm, SetPasswordForm
from allauth.mfa.adapter import get_adapter as get_factor_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.forms import ReauthenticateForm as ConfirmByCodeForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.access.actions import Newcomer, Terms, give_back, spend
from ksdb.access.adapters import wait_until
from ksdb.access.limits import SECOND_FACTOR, USED_CODE, TooManyAttempts
from ksdb.access.queries import divisions_to_grant, groups_named
from ksdb.access.words import ROLE_CHOICES
from ksdb.core.clock import today
from ksdb.core.scope import Role, Scope
from ksdb.places.models import Division

PASSWORD_HINT = _("At least 12 characters; several words are easier to keep in mind than signs. Not a common password.")
CODE_WIDGET = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}


def _plain(field: forms.Field, label: Any, hint: Any = "") -> None:
    """A field of the library in our words, without what stands inside the box and vanishes when one types."""
    field.label, field.help_text = label, hint
    field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Sign-in name and password, and one answer for every failure."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["login"], _("Sign-in name"))
        _plain(self.fields["password"], _("Password"))
        self.fields["login"].widget.attrs |= {"autocapitalize": "none", "spellcheck": "false"}


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """The own password once more, before something that a passer-by must not do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password"], _("Password"))


def _words_of_two(form: forms.Form) -> None:
    _plain(form.fields["password1"], _("New password"), PASSWORD_HINT)
    _plain(form.fields["password2"], _("New password once more"))


def _refuse_two(form: forms.Form) -> None:
    """Replaces the library's sentence, which has no translation."""
    if "password2" in form.errors and form.cleaned_data.get("password1"):
        del form.errors["password2"]
        form.add_error("password2", gettext("The two passwords are not the same. Type the new one again."))


class PasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """The old password and a new one; guesses at the old one are limited like any others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["oldpassword"], _("Password until now"))
        _words_of_two(self)

    def clean_oldpassword(self) -> str:
        given: str = self.cleaned_data["oldpassword"]
        if not get_adapter().reauthenticate(self.user, given):
            raise get_adapter().validation_error("enter_current_password")
        return given

    def clean(self) -> Any:
        cleaned = super().clean()
        _refuse_two(self)
        return cleaned


class FirstPasswordForm(SetPasswordForm):  # type: ignore[misc]
    """What an invited person chooses."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _words_of_two(self)

    def clean(self) -> Any:
        cleaned = super().clean()
        _refuse_two(self)
        return cleaned


class _CodeOnce:
    """Codes are tried a few times only, and each opens once: over all processes, so it is counted in the database."""

    user: Any
    fields: dict[str, forms.Field]

    def clean_code(self) -> str:
        scope, key = Scope(actor_id=self.user.pk), str(self.user.pk)
        try:
            spend(scope, SECOND_FACTOR, key)
        except TooManyAttempts as error:
            raise wait_until(error) from error
        code: str = super().clean_code()  # type: ignore[misc]
        give_back(scope, SECOND_FACTOR, key)
        try:
            spend(scope, USED_CODE, f"{key}:{''.join(filter(str.isalnum, code))}")
        except TooManyAttempts as error:
            raise get_factor_adapter().validation_error("incorrect_code") from error
        return code


class CodeForm(_CodeOnce, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""

    code = forms.CharField(
        label=_("Code"),
        help_text=_("Six digits from the app, or one of your recovery codes"),
        max_length=20,
        widget=forms.TextInput(CODE_WIDGET),
    )


class ConfirmCodeForm(_CodeOnce, ConfirmByCodeForm):  # type: ignore[misc]
    """A code before something that a passer-by must not do."""

    code = CodeForm.base_fields["code"]


class SetUpAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["code"], _("Code"), _("The six digits that the app shows now"))
        self.fields["code"].widget.attrs |= CODE_WIDGET


class _CredentialField(forms.JSONField):
    """Refuses what is JSON and cannot be read: Python takes no number of 5,000 digits, nor ten thousand brackets."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What the form shows again: nothing, because each try makes a credential of its own."""
        del data
        return initial


def _credential() -> forms.JSONField:
    return _CredentialField(required=True, widget=forms.HiddenInput)


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]
    """The second step of signing in, with a passkey."""

    credential = _credential()


class ConfirmPasskeyForm(ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey before something that a passer-by must not do."""

    credential = _credential()


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A passkey and a name to know it by."""

    credential = _credential()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["name"], _("Name of the passkey"), _("For example: my phone, the key on my ring"))
        self.fields["name"].max_length = 60


def _by_structure(divisions: list[Division]) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """The divisions in groups, one for each administrative structure, in the order given."""
    for start, group in groupby(divisions, key=lambda division: division.valid_from):
        label = gettext("Structure from %(day)s") % {"day": f"{start.day}/{start.month}/{start.year}"}
        yield label, [(division.pk, division.name) for division in group]


class _TermsForm(forms.Form):
    """A role, a division, and from when to when."""

    role = forms.TypedChoiceField(label=_("Role"), coerce=Role, choices=ROLE_CHOICES)
    division = forms.TypedChoiceField(label=_("Division"), coerce=int)
    group = forms.CharField(
        label=_("Only this residential group"),
        required=False,
        max_length=120,
        help_text=_("For somebody who goes from door to door: the group as the register names it; else leave it empty"),
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    valid_from = forms.DateField(
        label=_("From"), initial=today, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )
    valid_to = forms.DateField(
        label=_("Until, not including"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", gettext("Choose a division")), *_by_structure(divisions_to_grant(scope))]
        self.fields["division"].choices = choices  # type: ignore[attr-defined]
        self._scope = scope

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("valid_from"), cleaned.get("valid_to")
        if start and start < today():
            self.add_error("valid_from", gettext("A right cannot begin in the past."))
        if start and end and end <= start:
            self.add_error("valid_to", gettext("The last day must come after the first."))
        if cleaned.get("group") and cleaned.get("division"):
            self._choose_group(cleaned)
        return cleaned

    def _choose_group(self, cleaned: dict[str, Any]) -> None:
        """Puts the group in the place of the division it lies in."""
        found = groups_named(self._scope, cleaned["division"], cleaned["group"])
        if len(found) == 1:
            cleaned["division"] = found[0].pk
        elif found:
            self.add_error(
                "group", gettext("Several groups there have this name. Choose their commune as the division.")
            )
        else:
            self.add_error("group", gettext("There is no group of this name there. Look it up under “Coverage”."))

    @property
    def terms(self) -> Terms:
        given = self.cleaned_data
        return Terms(given["role"], given["division"], given["valid_from"], given["valid_to"])


class GrantForm(_TermsForm):
    """A further right for an account."""


def _unit() -> forms.CharField:
    return forms.CharField(
        label=_("Unit"),
        max_length=120,
        help_text=_("The office the person works in, for example: Trạm Y tế phường Hương Vân"),
        widget=forms.TextInput({"autocomplete": "off", "list": "units"}),
    )


class UnitForm(forms.Form):
    """Which office somebody works in."""

    unit = _unit()


class SearchForm(forms.Form):
    """Which accounts to show. Sent by POST: names stand in no address."""

    words = forms.CharField(
        label=_("Name, sign-in name or unit"), max_length=120, widget=forms.TextInput({"autocomplete": "off"})
    )


class InviteForm(_TermsForm):
    """Who is invited, to do what, where."""

    username = forms.CharField(
        label=_("Sign-in name"),
        max_length=60,
        help_text=_("3 to 60 small letters without marks, digits, dots or hyphens, for example binh.huongvan"),
        validators=[
            RegexValidator(
                r"^[a-z0-9][a-z0-9.-]{2,59}$",
                _("Use 3 to 60 small letters without marks, digits, dots or hyphens; begin with a letter or digit."),
            )
        ],
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    full_name = forms.CharField(label=_("Full name"), max_length=120, widget=forms.TextInput({"autocomplete": "off"}))
    unit = _unit()
    field_order = ["full_name", "username", "unit", "role", "division", "group", "valid_from", "valid_to"]

    @property
    def newcomer(self) -> Newcomer:
        given = self.cleaned_data
        return Newcomer(given["username"], given["full_name"], given["unit"])
