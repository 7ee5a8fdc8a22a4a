"""Forms of corrections, links and line lists of cases."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ksdb.core.clock import day_of, now, today
from ksdb.tracing.actions.correcting import FIELDS, CaseFields
from ksdb.tracing.forms import CaseForm, ExportForm
from ksdb.tracing.linelist import KNOWN, MOST_BYTES, ReadLine
from ksdb.tracing.models import CaseLink, CaseRecord, DiseaseProfile
from ksdb.tracing.queries import CasesWanted

RESULTS = [
    ("", _("not known yet")),
    ("positive", _("positive")),
    ("negative", _("negative")),
    ("unclear", _("unclear")),
]
LINKS = [
    (CaseLink.Kind.INFECTED_BY, _("this case was infected by that one")),
    (CaseLink.Kind.HOUSEHOLD, _("of one household")),
    (CaseLink.Kind.WORK, _("work or learn together")),
    (CaseLink.Kind.OTHER, _("otherwise")),
]
FIELD_LABELS = {
    "onset_on": _("Onset of symptoms"),
    "sampled_on": _("Day of sampling"),
    "isolated_at": _("Start of isolation"),
    "result": _("Result"),
    "result_on": _("Day of the result"),
    "adjusted_from": _("Infectious from, set by hand"),
    "adjusted_until": _("Infectious until, set by hand"),
}


def _day(label: Any, *, required: bool = False, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput({"type": "date", "class": "govuk-input--width-10"}, "%Y-%m-%d")
    return forms.DateField(label=label, required=required, help_text=help_text, widget=widget)


def _instant(label: Any, help_text: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput({"type": "datetime-local", "class": "govuk-input--width-20"}, "%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, required=False, help_text=help_text, widget=widget)


class CasesForm(forms.Form):
    """Which cases to list. A name goes by POST: it belongs in no address bar."""

    case = forms.IntegerField(
        label=_("Number"),
        required=False,
        min_value=1,
        max_value=999_999_999,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-5"}),
    )
    name = forms.CharField(
        label=_("Name"), required=False, max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    profile = forms.ChoiceField(label=_("Disease"), required=False)
    state = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), ("open", _("open")), ("closed", _("closed"))]
    )
    since = _day(_("Sampled from"))

    def __init__(self, profiles: Sequence[DiseaseProfile], data: Any = None) -> None:
        super().__init__(data)
        choices = [("", _("All")), *((one.code, one.name) for one in profiles)]
        self.fields["profile"].choices = choices  # type: ignore[attr-defined]

    @property
    def wanted(self) -> CasesWanted:
        said = self.cleaned_data
        return CasesWanted(said["case"], said["profile"], said["state"], said["since"], said["name"])


class CorrectionForm(CaseForm):
    """What a case says, each field with what it says now, and why it changes."""

    result = forms.ChoiceField(label=FIELD_LABELS["result"], choices=RESULTS, required=False)
    result_on = _day(FIELD_LABELS["result_on"])
    adjusted_from = _instant(
        FIELD_LABELS["adjusted_from"],
        _("Leave both empty to go by the disease profile. The reason below is kept with it."),
    )
    adjusted_until = _instant(FIELD_LABELS["adjusted_until"])
    why = forms.CharField(
        label=_("Why it is corrected"),
        help_text=_("For example: the person remembers fever a day earlier. No names."),
        min_length=10,
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(self, profiles: Sequence[DiseaseProfile], one: CaseRecord, data: Any = None) -> None:
        super().__init__(profiles, data)
        self._one = one
        del self.fields["profile"]
        self.initial = {name: getattr(one, name) for name in FIELDS}

    @property
    def case_fields(self) -> CaseFields:
        said: dict[str, Any] = {name: self.cleaned_data.get(name) or None for name in FIELDS}
        return CaseFields(**{**said, "result": said["result"] or ""})

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["profile"] = self._one.profile.code
        said = super().clean()
        since, until = said.get("adjusted_from"), said.get("adjusted_until")
        if since and until and until <= since:
            self.add_error("adjusted_until", _("The end lies before the beginning."))
        if since and since > now():
            self.add_error("adjusted_from", _("This moment has not come yet."))
        if (day := said.get("result_on")) and day > today():
            self.add_error("result_on", _("This day has not come yet."))
        return said

    def _check_period(self) -> None:
        """A period set by hand goes before that of the profile."""
        if not (self.cleaned_data.get("adjusted_from") and self.cleaned_data.get("adjusted_until")):
            super()._check_period()


class ResultForm(forms.Form):
    """The first result of a case, and of which day it is."""

    result = forms.ChoiceField(label=FIELD_LABELS["result"], choices=RESULTS[1:])
    result_on = _day(FIELD_LABELS["result_on"])

    @property
    def case_result(self) -> CaseRecord.Result:
        return CaseRecord.Result(self.cleaned_data["result"])

    def clean_result_on(self) -> Any:
        if (day := self.cleaned_data["result_on"]) and day > today():
            raise forms.ValidationError(_("This day has not come yet."))
        return day


class LinkForm(forms.Form):
    """Another case, and how it belongs to this one."""

    other = forms.IntegerField(
        label=_("Number of the other case"),
        min_value=1,
        max_value=999_999_999,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-5"}),
    )
    kind = forms.ChoiceField(label=_("How they belong together"), choices=LINKS)

    @property
    def link_kind(self) -> CaseLink.Kind:
        return CaseLink.Kind(self.cleaned_data["kind"])


class ReportForm(CaseForm):
    """A case of somebody of whom it is not known who it is."""

    division = forms.TypedChoiceField(label=_("Where the person was found"), coerce=int)
    label = forms.CharField(
        label=_("Label"),
        help_text=_("By which the person is found again, as the hospital writes it. No name, no ID number."),
        max_length=40,
        widget=forms.TextInput(attrs={"class": "govuk-input--width-20", "autocomplete": "off"}),
    )
    age = forms.IntegerField(
        label=_("Age, about"),
        required=False,
        min_value=0,
        max_value=129,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-3"}),
    )
    sex = forms.ChoiceField(
        label=_("Sex"), required=False, choices=[("", _("not known")), ("female", _("female")), ("male", _("male"))]
    )

    def __init__(
        self, profiles: Sequence[DiseaseProfile], divisions: Sequence[tuple[int, str]], data: Any = None
    ) -> None:
        super().__init__(profiles, data)
        self.fields["division"].choices = divisions  # type: ignore[attr-defined]
        self.order_fields(["division", "label", "age", "sex", "profile"])

    @property
    def line(self) -> ReadLine:
        said = self.cleaned_data
        isolated = said.get("isolated_at")
        return ReadLine(
            label=said["label"],
            onset_on=said.get("onset_on"),
            sampled_on=said["sampled_on"],
            isolated_on=day_of(isolated) if isolated else None,
            age=said.get("age"),
            sex=said.get("sex") or "",
            place="",
            infector="",
        )


class LineListForm(forms.Form):
    """A line list to bring in, and which of its columns says what."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV in UTF-8 or Excel (.xlsx), with headings in the first row")
    )
    division = forms.TypedChoiceField(label=_("For which division"), coerce=int)
    profile = forms.ChoiceField(label=_("Disease profile"))
    step = forms.ChoiceField(
        label=_("What to do"),
        initial="look",
        widget=forms.RadioSelect,
        choices=[
            ("look", _("Only look: say what would be brought in, and write nothing")),
            ("write", _("Bring the list in")),
        ],
    )

    def __init__(self, profiles: Sequence[DiseaseProfile], divisions: Sequence[tuple[int, str]], *given: Any) -> None:
        super().__init__(*given)
        self.fields["division"].choices = divisions  # type: ignore[attr-defined]
        self.fields["profile"].choices = [(one.code, one.name) for one in profiles]  # type: ignore[attr-defined]
        for name in KNOWN:
            self.fields[f"column_{name}"] = forms.CharField(label=COLUMN_LABELS[name], required=False, max_length=80)

    @property
    def columns(self) -> dict[str, str]:
        return {name: text for name in KNOWN if (text := self.cleaned_data.get(f"column_{name}"))}

    def clean_file(self) -> Any:
        if self.cleaned_data["file"].size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 8 MB. Divide it."))
        return self.cleaned_data["file"]


COLUMN_LABELS = {
    "label": _("Column of the label"),
    "onset_on": _("Column of the onset"),
    "sampled_on": _("Column of the day of sampling"),
    "isolated_on": _("Column of the start of isolation"),
    "age": _("Column of the age"),
    "sex": _("Column of the sex"),
    "place": _("Column of the place"),
    "infector": _("Column of who infected"),
    "person": _("Column of the card or resident number"),
}


class LineExportForm(ExportForm):
    """Which cases are taken out, for what and why."""

    since = _day(_("Sampled from"), required=True)
    until = _day(_("Sampled until"), required=True)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"since": today() - timedelta(days=30), "until": today()})
        self.order_fields(["since", "until"])
