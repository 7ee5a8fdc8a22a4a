"""Forms of acts: why one asks, that one has looked, why one refuses."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class ReasonField(forms.CharField):
    """A reason in a person's own words."""

    def __init__(self, label: Any = None) -> None:
        super().__init__(
            label=label or _("Reason"),
            help_text=_("One or two sentences. It stays in the audit trail: no names and no numbers of persons."),
            min_length=10,
            max_length=300,
            widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
        )


class ReasonForm(forms.Form):
    """Asks for an act."""

    reason = ReasonField()


class ApproveForm(forms.Form):
    """Decides for an act."""

    confirmed = forms.BooleanField(label=_("I have looked at what this does and to how many, and I answer for it"))


class RefuseForm(forms.Form):
    """Decides against an act."""

    reason = ReasonField(_("Why you refuse"))
