"""The form of the hours at a place."""

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

    def clean_on(self) -> Any:
        if self.cleaned_data["on"] > today():
            raise forms.ValidationError(_("This day has not come yet."))
        return self.cleaned_data["on"]

    @property
    def span(self) -> Period:
        said = self.cleaned_data
        since, until = (datetime.combine(said["on"], said[name], ZONE) for name in ("since", "until"))
        return since, until if until > since else until + timedelta(days=1)
