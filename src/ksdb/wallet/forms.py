"""Forms of the residents' pages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ksdb.sms.forms import CodeField, PhoneField


class NumberForm(forms.Form):
    """The phone to which a code goes."""

    phone = PhoneField(
        label=_("Your mobile phone number"),
        help_text=_("We send it a message with six digits. It costs you nothing."),
        max_length=20,
    )


class CodeForm(forms.Form):
    """The six digits that came to the phone."""

    code = CodeField(label=_("The six digits"), help_text=_("They stand in the message on your phone."), max_length=10)
