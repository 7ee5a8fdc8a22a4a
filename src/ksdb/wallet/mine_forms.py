"""Forms of a resident's own pages: a visit that was not his, how he is today, what is wrong in his record."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.visits.disputing import MOST_TEXT, Reason
from ksdb.visits.words import REASON_LABELS
from ksdb.wallet.actions.sheets import Request
from ksdb.wallet.asking import (
    ABOUT_LABELS,
    CAME_LABELS,
    PROVEN_LABELS,
    SYMPTOMS,
    WANTED_LABELS,
    About,
    Answers,
    Came,
    Proven,
    Wanted,
)

YES_NO = [("no", _("No")), ("yes", _("Yes"))]


class DisputeForm(forms.Form):
    """Why a visit is not one's own."""

    reason = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=[(one.value, label) for one, label in REASON_LABELS.items()],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_("Tell us more, if you like"),
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def said(self) -> tuple[Reason, str]:
        return Reason(self.cleaned_data["reason"]), self.cleaned_data["text"]


class DeclarationForm(forms.Form):
    """Version 1: what one feels, whom one met, where one was; and, the first time, that it may be kept."""

    symptoms = forms.MultipleChoiceField(
        label=_("Do you feel any of this today?"),
        help_text=_("Tick nothing if you feel well."),
        choices=list(SYMPTOMS.items()),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    met_ill = forms.ChoiceField(
        label=_("Were you near somebody with the disease in the last 14 days?"),
        choices=YES_NO,
        widget=forms.RadioSelect,
    )
    travelled = forms.ChoiceField(
        label=_("Did you come from outside the province in the last 14 days?"),
        choices=YES_NO,
        widget=forms.RadioSelect,
    )
    travelled_to = forms.CharField(label=_("From where?"), required=False, max_length=120)
    may_keep = forms.BooleanField(
        label=_("What I say may be kept for 28 days. I can take this back at any time."), required=True
    )

    def __init__(self, *args: Any, is_allowed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_allowed:
            del self.fields["may_keep"]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("travelled") == "yes" and not said.get("travelled_to"):
            self.add_error("travelled_to", gettext("Say from where: a province or a country."))
        return said

    @property
    def answers(self) -> Answers:
        said = self.cleaned_data
        return Answers(
            tuple(said["symptoms"]), said["met_ill"] == "yes", said["travelled"] == "yes", said["travelled_to"].strip()
        )


def declared_before(answers: Answers) -> dict[str, object]:
    """What a form is filled in with."""
    return {
        "symptoms": list(answers.symptoms),
        "met_ill": "yes" if answers.met_ill else "no",
        "travelled": "yes" if answers.travelled else "no",
        "travelled_to": answers.travelled_to,
    }


class CorrectionForm(forms.Form):
    """What is wrong, and what is right."""

    about = forms.ChoiceField(
        label=_("What is wrong?"),
        choices=[(one.value, label) for one, label in ABOUT_LABELS.items()],
        widget=forms.RadioSelect,
    )
    text = forms.CharField(
        label=_("What is right?"),
        help_text=_("Write it as it stands on your papers."),
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    @property
    def topic(self) -> About:
        return About(self.cleaned_data["about"])


class AnswerForm(forms.Form):
    """The ward's answer to a request."""

    decision = forms.ChoiceField(
        label=_("Answer"),
        choices=[("yes", _("It was put right")), ("no", _("It stays as it is"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("What the resident reads"),
        help_text=_("Needed when it stays as it is: say why, and what the resident can do."),
        required=False,
        max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("decision") == "no" and not said.get("note", "").strip():
            self.add_error("note", gettext("Say why it stays as it is."))
        return said


class SheetForm(forms.Form):
    """Somebody asks at the desk for what is held about him."""

    came = forms.ChoiceField(
        label=_("Who is here?"),
        choices=[(one.value, label) for one, label in CAME_LABELS.items()],
        widget=forms.RadioSelect,
    )
    proven = forms.ChoiceField(
        label=_("How did you make sure?"),
        choices=[(one.value, label) for one, label in PROVEN_LABELS.items()],
        widget=forms.RadioSelect,
    )
    wanted = forms.ChoiceField(
        label=_("What for?"),
        choices=[(one.value, label) for one, label in WANTED_LABELS.items()],
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("came") == Came.SENT and said.get("proven") not in {None, Proven.LETTER}:
            self.add_error("proven", gettext("For somebody else a letter is needed. Keep it in the ward."))
        return said

    @property
    def asked(self) -> Request:
        said = self.cleaned_data
        return Request(Came(said["came"]), Proven(said["proven"]), Wanted(said["wanted"]))
