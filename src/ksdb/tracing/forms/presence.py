"""Forms of the hours at a place, and of looking for a place."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ksdb.core.clock import ZONE, today
from ksdb.tracing.exposures import Period


class HoursForm(forms.Form):
    """A day, and from when until when; an end at or before the beginning is of the next day."""

    on = forms.DateField(
        label=_("Day"), widget=forms.DateInput({"type": "date", "class": "govuk-input--width-10"}, "%Y-%m-%d")
    )
    since = forms.TimeField(label=_("From what time"), widget=forms.TimeInput({"type": "time"}, "%H:%M"))
    until = forms.TimeField(label=_("Until what time"), widget=forms.TimeInput({"type": "time"}, "%H:%M"))

    why = forms.CharField(
        label=_("Why you look at this place"),
        help_text=_("The case was not scanned here. For example: the person says she was here on Monday. No names."),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, is_of_case: bool) -> None:
        super().__init__(data)
        if is_of_case:
            del self.fields["why"]

    def clean_on(self) -> Any:
        if self.cleaned_data["on"] > today():
            raise forms.ValidationError(_("This day has not come yet."))
        return self.cleaned_data["on"]

    @property
    def reason(self) -> str:
        return str(self.cleaned_data.get("why") or "")

    @property
    def span(self) -> Period:
        said = self.cleaned_data
        since, until = (datetime.combine(said["on"], said[name], ZONE) for name in ("since", "until"))
        return since, until if until > since else until + timedelta(days=1)


class PointForm(forms.Form):
    """A place by words of its name."""

    name = forms.CharField(
        label=_("Name of the place"),
        help_text=_("Where the person says to have been. With or without marks"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "govuk-input--width-20"}),
    )
