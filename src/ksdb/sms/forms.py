"""Fields for a phone number and for the code that was sent to it."""

from typing import Any

from django import forms
from django.utils.translation import gettext

from ksdb.core.ids import digits_of, modern_phone


class PhoneField(forms.CharField):
    """A Vietnamese number, in whatever groups; kept as it is dialled today."""

    widget = forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"})

    def clean(self, value: Any) -> str:
        number = modern_phone(super().clean(value))
        if number is None:
            raise forms.ValidationError(gettext("This is no Vietnamese phone number. Example: 0905 123 456."))
        return number


class CodeField(forms.CharField):
    """The six digits that came to a phone; the phone offers them itself."""

    widget = forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"})

    def clean(self, value: Any) -> str:
        return digits_of(super().clean(value))
