"""The form of the backward view: which cases, how far back, how wide a window."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class BackwardForm(forms.Form):
    """How far back from the onset of each case, and how many hours make one window."""

    days = forms.TypedChoiceField(
        label=_("Days before the onset"),
        coerce=int,
        choices=[(7, _("7 days")), (10, _("10 days")), (14, _("14 days"))],
    )
    hours = forms.TypedChoiceField(
        label=_("Window"),
        coerce=int,
        choices=[(1, _("1 hour")), (2, _("2 hours")), (4, _("4 hours")), (24, _("a whole day"))],
    )

    def __init__(self, data: Any) -> None:
        super().__init__({"days": data.get("days") or "14", "hours": data.get("hours") or "2"})
