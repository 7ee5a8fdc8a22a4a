"""What an auditor looks for. Sent by GET: it holds numbers, days and words of closed lists, and no name."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.audit.queries import Asked, actors, subjects
from ksdb.audit.words import PURPOSE_LABELS
from ksdb.core.scope import Scope

WITHIN = (MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1)))
"""The first and the last day of the calendar have no instant in our time zone before or after them."""


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"})
    return forms.DateField(label=label, required=False, widget=widget, validators=WITHIN)


class EntriesForm(forms.Form):
    """Every field may be left empty. Accounts are chosen by sign-in name and sent by number."""

    since = _day(_("From"))
    until = _day(_("Until"))
    actor = forms.TypedChoiceField(label=_("Account"), required=False, coerce=int, empty_value=None)
    action = forms.RegexField(
        r"^[a-z_]+(:[a-z_]*){0,2}$",
        label=_("Action begins with"),
        required=False,
        max_length=60,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "registry:resident"}
        ),
        error_messages={"invalid": _("An action reads room:thing:act, in small letters, or the beginning of that.")},
    )
    subject = forms.ChoiceField(label=_("Kind of subject"), required=False)
    subject_id = forms.IntegerField(
        label=_("Number of the subject"),
        required=False,
        min_value=0,
        max_value=2**63 - 1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    purpose = forms.ChoiceField(label=_("Purpose"), required=False)
    case_id = forms.IntegerField(
        label=_("Number of the case"),
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("actor", [(number, name or str(number)) for number, name in actors(scope)])
        self._offer("subject", [(kind, kind) for kind in subjects(scope)])
        self._offer("purpose", [(purpose.value, label) for purpose, label in PURPOSE_LABELS.items()])

    def _offer(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [("", gettext("All")), *choices]

    @property
    def asked(self) -> Asked:
        given = self.cleaned_data
        return Asked(
            since=given["since"],
            until=given["until"],
            actor_id=given["actor"],
            action=given["action"],
            subject=given["subject"],
            subject_id=given["subject_id"],
            purpose=given["purpose"],
            case_id=given["case_id"],
        )


class MonthForm(forms.Form):
    """A month, as the browser sends it: 2026-11."""

    month = forms.DateField(
        label=_("Month"), input_formats=["%Y-%m"], widget=forms.DateInput(format="%Y-%m", attrs={"type": "month"})
    )
