"""The form that asks for a day to be deleted before its time."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.template.defaultfilters import date as written_date
from django.utils.translation import gettext_lazy as _

from ksdb.approvals.forms import ReasonField


class DayDeleteForm(forms.Form):
    """Which day, and why."""

    day = forms.TypedChoiceField(label=_("Day"), coerce=date.fromisoformat)
    reason = ReasonField()

    def __init__(self, days: Sequence[date], data: Any = None) -> None:
        super().__init__(data)
        choices = [(day.isoformat(), written_date(day, "j/n/Y")) for day in days]
        self.fields["day"].choices = choices  # type: ignore[attr-defined]
