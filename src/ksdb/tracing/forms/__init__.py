"""Forms of cases and traces."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ksdb.approvals.forms import ReasonField
from ksdb.core.clock import now, today
from ksdb.core.scope import Purpose
from ksdb.registry.purposes import PURPOSE_LABELS
from ksdb.registry.searching import ResidentSearch
from ksdb.tracing.actions.exporting import PURPOSES
from ksdb.tracing.models import DiseaseProfile, RuleSet
from ksdb.tracing.period import CaseFacts, Days, PeriodEmpty, infectious_period, is_isolated_before_onset
from ksdb.visits.disputing import MOST_TEXT
from ksdb.visits.words import REASON_LABELS
from ksdb.web.exporting import FileKind
from ksdb.web.forms import FILE_KINDS

LONGEST_AGO = timedelta(days=366)
"""No visit is kept so long; a year mistyped as 0222 would make a period of twenty centuries."""


class PersonForm(forms.Form):
    """Whose case it is: by a number, or looked for by the name. Sent by POST: a name belongs in no address bar."""

    number = forms.CharField(
        label=_("Card number or resident number"),
        help_text=_("The 12 digits printed on the card, or the number of the resident in the registry"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "class": "govuk-input--width-20"}),
    )
    name = forms.CharField(
        label=_("Or the full name"),
        help_text=_("With or without marks"),
        required=False,
        min_length=2,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "govuk-input--width-20"}),
    )
    birth_year = forms.IntegerField(
        label=_("Year of birth"),
        required=False,
        min_value=1900,
        widget=forms.TextInput(
            attrs={"inputmode": "numeric", "maxlength": 4, "autocomplete": "off", "class": "govuk-input--width-5"}
        ),
    )

    @property
    def search(self) -> ResidentSearch:
        return ResidentSearch(self.cleaned_data["name"], self.cleaned_data["birth_year"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and not (said.get("number") or said.get("name")):
            self.add_error("number", _("Enter a number, or a name."))
        return said


class CaseForm(forms.Form):
    """The profile and the days of a case; refuses facts that leave no infectious period."""

    profile = forms.ChoiceField(label=_("Disease profile"))
    onset_on = forms.DateField(
        label=_("Onset of symptoms"),
        help_text=_("Leave empty when there are no symptoms"),
        required=False,
        widget=forms.DateInput({"type": "date", "class": "govuk-input--width-10"}, "%Y-%m-%d"),
    )
    sampled_on = forms.DateField(
        label=_("Day of sampling"),
        widget=forms.DateInput({"type": "date", "class": "govuk-input--width-10"}, "%Y-%m-%d"),
    )
    isolated_at = forms.DateTimeField(
        label=_("Start of isolation"),
        help_text=_("Leave empty when not isolated yet"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local", "class": "govuk-input--width-20"}, "%Y-%m-%dT%H:%M"),
    )

    def __init__(self, profiles: Sequence[DiseaseProfile], data: Any = None) -> None:
        super().__init__(data)
        self._profiles = {profile.code: profile for profile in profiles}
        choices = [(profile.code, f"{profile.name} – {profile.source}") for profile in profiles]
        self.fields["profile"] = forms.ChoiceField(
            label=_("Disease profile"), choices=choices, initial=choices[0][0] if choices else None
        )

    @property
    def facts(self) -> CaseFacts:
        said = self.cleaned_data
        return CaseFacts(said["profile"], said.get("onset_on"), said["sampled_on"], said.get("isolated_at"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for name in ("onset_on", "sampled_on"):
            if (day := said.get(name)) and day > today():
                self.add_error(name, _("This day has not come yet."))
            elif day and day < today() - LONGEST_AGO:
                self.add_error(name, _("This day lies more than a year back. Check the year."))
        if (at := said.get("isolated_at")) and at > now():
            self.add_error("isolated_at", _("This moment has not come yet."))
        elif at and at < now() - LONGEST_AGO:
            self.add_error("isolated_at", _("This day lies more than a year back. Check the year."))
        if not self.errors:
            self._check_period()
        return said

    @property
    def is_isolated_before_onset(self) -> bool:
        return is_isolated_before_onset(self.cleaned_data.get("onset_on"), self.cleaned_data.get("isolated_at"))

    def _check_period(self) -> None:
        facts = self.facts
        profile = self._profiles[facts.profile]
        try:
            infectious_period(Days(profile.days_before_onset, profile.days_after_onset), facts, now())
        except PeriodEmpty:
            self.add_error("isolated_at", _("Isolation began before the infectious period. Check the three days."))


class TraceForm(forms.Form):
    """By which rules to trace."""

    rules = forms.ChoiceField(label=_("Counts as exposed"))

    def __init__(self, rule_sets: Sequence[RuleSet], data: Any = None) -> None:
        super().__init__(data)
        self.fields["rules"] = forms.ChoiceField(
            label=_("Counts as exposed"), choices=[(rules.code, words_for(rules)) for rules in rule_sets]
        )

    generations = forms.TypedChoiceField(
        label=_("How far"),
        coerce=int,
        required=False,
        empty_value="1",
        choices=[(1, _("Contacts of the case")), (2, _("Contacts, and whom they met afterwards"))],
    )


def words_for(rules: RuleSet) -> str:
    """The rule set as a person says it."""
    if rules.name:
        return rules.name
    if rules.window_minutes:
        return _("both scanned less than %(minutes)s minutes apart") % {"minutes": rules.window_minutes}
    return _("%(minutes)s minutes or longer together") % {"minutes": rules.least_minutes}


class CommuneForm(forms.Form):
    """The contacts of which commune, place and generation to show."""

    commune = forms.TypedChoiceField(label=_("Commune"), required=False, coerce=int, empty_value=None)
    place = forms.TypedChoiceField(label=_("Place"), required=False, coerce=int, empty_value=None)
    generation = forms.TypedChoiceField(
        label=_("Generation"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", _("Both generations")), (1, _("First generation")), (2, _("Second generation"))],
    )

    def __init__(
        self,
        communes: Sequence[tuple[int, str]],
        data: Any = None,
        *,
        places: Sequence[tuple[int, str]] = (),
        generations: int = 1,
    ) -> None:
        super().__init__(data)
        self.fields["place"].choices = [("", _("All places")), *places]  # type: ignore[attr-defined]
        if generations == 1:
            del self.fields["generation"]
        self.fields["commune"] = forms.TypedChoiceField(
            label=_("Commune"),
            required=False,
            coerce=int,
            empty_value=None,
            choices=[("", _("All communes")), *communes],
        )


class ExportForm(forms.Form):
    """For what purpose and why the contacts are taken out, and in which form."""

    purpose = forms.TypedChoiceField(
        label=_("Purpose"),
        coerce=Purpose,
        choices=[("", _("Choose a purpose")), *[(one.value, PURPOSE_LABELS[one]) for one in PURPOSES]],
    )
    kind = forms.TypedChoiceField(
        label=_("Kind of file"), coerce=lambda value: FileKind(int(value)), choices=FILE_KINDS
    )
    reason = ReasonField()


class DisputeForm(forms.Form):
    """Why the contact says that a visit was not his."""

    reason = forms.ChoiceField(
        label=_("What the person says"),
        widget=forms.RadioSelect,
        choices=[(reason.value, words) for reason, words in REASON_LABELS.items()],
    )
    text = forms.CharField(
        label=_("In the person's words"),
        help_text=_("Kept sealed. Leave empty when there is nothing to add."),
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off"}),
    )
