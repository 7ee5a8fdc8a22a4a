"""Forms of the follow-up: a call, a day, who goes on with it, the end; a link between cases."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ksdb.access.models import StaffAccount
from ksdb.core.clock import today
from ksdb.followup.actions.calls import Call, Told
from ksdb.followup.quarantine import MOST_DAYS
from ksdb.followup.states import CALL_REASONS, CLOSE_REASONS, FAILED, REACHED, Reason, Status, Symptom
from ksdb.followup.words import REASON_LABELS, STATUS_LABELS, SYMPTOM_LABELS
from ksdb.places.models import Division

LEAST_DEGREES, MOST_DEGREES = Decimal(34), Decimal(43)
CALL_STATUSES = tuple(status for status in Status if status is not Status.CLOSED)


class NoteField(forms.CharField):
    """Free text, which is kept sealed."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Remark"),
            help_text=_("Kept sealed; only those who follow this person read it."),
            required=False,
            max_length=500,
            widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
        )


class CallForm(forms.Form):
    """What a call or a visit came to."""

    status = forms.TypedChoiceField(
        label=_("How it stands now"),
        coerce=Status,
        choices=[(one.value, STATUS_LABELS[one]) for one in CALL_STATUSES],
        widget=forms.RadioSelect,
    )
    reason = forms.TypedChoiceField(
        label=_("What happened"),
        coerce=Reason,
        choices=[("", _("Choose")), *[(one.value, REASON_LABELS[one]) for one in CALL_REASONS]],
    )
    note = NoteField()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("reason") in FAILED and said.get("status") in REACHED:
            self.add_error("status", _("Nobody was spoken with, so the person was not reached. Choose another status."))
        _note_for_other(self, said)
        return said

    @property
    def call(self) -> Call:
        said = self.cleaned_data
        return Call(said["status"], said["reason"], said["note"])


def _note_for_other(form: forms.Form, said: dict[str, Any]) -> None:
    if said.get("reason") == Reason.OTHER and not said.get("note"):
        form.add_error("note", _("Say in a few words what it was."))


class DayForm(forms.Form):
    """How the person is on a day."""

    on = forms.DateField(
        label=_("Day"), widget=forms.DateInput({"type": "date", "class": "govuk-input--width-10"}, "%Y-%m-%d")
    )
    temperature = forms.DecimalField(
        label=_("Temperature in °C"),
        help_text=_("For example 37.2. Leave empty when nobody measured."),
        required=False,
        localize=True,
        min_value=LEAST_DEGREES,
        max_value=MOST_DEGREES,
        decimal_places=1,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "govuk-input--width-5"}),
    )
    symptoms = forms.TypedMultipleChoiceField(
        label=_("Symptoms"),
        help_text=_("Tick none when there are none."),
        required=False,
        coerce=Symptom,
        choices=[(one.value, SYMPTOM_LABELS[one]) for one in Symptom],
        widget=forms.CheckboxSelectMultiple,
    )
    no_answer = forms.BooleanField(label=_("Nobody answered"), required=False)

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, initial={"on": today()})

    @property
    def told(self) -> Told:
        said = self.cleaned_data
        degrees = said["temperature"]
        return Told(
            said["on"],
            not said["no_answer"],
            int(degrees * 10) if degrees is not None else None,
            said["symptoms"],
        )


class AssignForm(forms.Form):
    """Which commune, and who there, goes on with it."""

    ward = forms.TypedChoiceField(label=_("Commune"), coerce=int, required=False, empty_value=None)
    officer = forms.TypedChoiceField(label=_("Officer"), coerce=int, required=False, empty_value=None)

    def __init__(self, wards: Iterable[Division], officers: Iterable[StaffAccount], data: Any = None) -> None:
        super().__init__(data)
        stays = [("", _("As it is"))]
        self.fields["ward"] = forms.TypedChoiceField(
            label=_("Commune"),
            coerce=int,
            required=False,
            empty_value=None,
            choices=[*stays, *[(one.pk, one.name) for one in wards]],
        )
        self.fields["officer"] = forms.TypedChoiceField(
            label=_("Officer"),
            help_text=_("After a change of commune nobody in particular; choose there again."),
            coerce=int,
            required=False,
            empty_value=None,
            choices=[("", _("Nobody in particular")), *[(one.pk, one.full_name) for one in officers]],
        )


class CloseForm(forms.Form):
    """Why a follow-up ends."""

    reason = forms.TypedChoiceField(
        label=_("Why it ends"),
        coerce=Reason,
        choices=[("", _("Choose")), *[(one.value, REASON_LABELS[one]) for one in CLOSE_REASONS]],
    )
    note = NoteField()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        _note_for_other(self, said)
        return said


class FollowForm(forms.Form):
    """For how many days contacts are followed."""

    days = forms.IntegerField(
        label=_("Days after the last exposure"),
        min_value=1,
        max_value=MOST_DAYS,
        widget=forms.NumberInput(attrs={"class": "govuk-input--width-5", "inputmode": "numeric"}),
    )


class WardForm(forms.Form):
    """Whose contacts a list shows."""

    ward = forms.TypedChoiceField(label=_("Commune"), required=False, coerce=int, empty_value=None)
    case = forms.IntegerField(required=False, widget=forms.HiddenInput)
    part = forms.CharField(required=False, widget=forms.HiddenInput)
    mine = forms.BooleanField(label=_("Only mine"), required=False)

    def __init__(self, wards: Sequence[Division], data: Any = None) -> None:
        super().__init__(data)
        choices = [("", _("All communes")), *[(one.pk, one.name) for one in wards]]
        self.fields["ward"] = forms.TypedChoiceField(
            label=_("Commune"), required=False, coerce=int, empty_value=None, choices=choices
        )
        if len(wards) < 2:
            del self.fields["ward"]
