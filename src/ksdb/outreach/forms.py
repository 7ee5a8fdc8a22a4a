"""Forms of the work at the doors: a note, a list taken along, a move in the walking order, a helper."""

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from ksdb.outreach.doors import Door
from ksdb.outreach.notes import Note, NoteKind
from ksdb.outreach.reasons import Occasion, Reason
from ksdb.outreach.words import OCCASION_LABELS, REASON_LABELS

MOST = 2**31 - 1
REASON_CHOICES = [(reason.value, label) for reason, label in REASON_LABELS.items()]


class NoteForm(forms.Form):
    """One act at a door, as the list sends it without any script."""

    key = forms.UUIDField()
    kind = forms.TypedChoiceField(choices=[(kind.value, kind.value) for kind in NoteKind], coerce=NoteKind)
    household = forms.IntegerField(min_value=0, max_value=MOST, required=False)
    resident = forms.IntegerField(min_value=0, max_value=MOST, required=False)
    reason = forms.TypedChoiceField(
        choices=[("", ""), *REASON_CHOICES], coerce=Reason, required=False, empty_value=None
    )
    card = forms.CharField(max_length=1000, required=False)
    seen_reason = forms.IntegerField(min_value=0, max_value=2**62, required=False)
    seen_card = forms.CharField(max_length=10, required=False)

    def note(self, group_id: int) -> Note:
        said = self.cleaned_data
        return Note(
            key=said["key"],
            kind=said["kind"],
            group=group_id,
            household=said["household"] or 0,
            resident=said["resident"] or 0,
            reason=said["reason"],
            card=said["card"],
            seen_reason=said["seen_reason"] or 0,
            seen_card=said["seen_card"],
        )


def new_key() -> str:
    """Made with each form, so that a form sent twice is one note."""
    return str(uuid4())


class TakeForm(forms.Form):
    """What a group's list is taken along for."""

    occasion = forms.TypedChoiceField(
        label=_("What for"),
        coerce=Occasion,
        choices=[("", _("Choose what for")), *[(one.value, label) for one, label in OCCASION_LABELS.items()]],
        widget=forms.Select(attrs={"required": True}),
    )


class MoveForm(forms.Form):
    """Where a household comes in the walking order: one up, one down, or after another."""

    household = forms.IntegerField(min_value=1, max_value=MOST, widget=forms.HiddenInput)
    step = forms.ChoiceField(choices=[("", ""), ("up", ""), ("down", "")], required=False)
    after = forms.IntegerField(min_value=0, max_value=MOST, required=False)

    def place(self) -> int | str | None:
        """`up`, `down`, or the number of the household before; None when nothing was chosen."""
        step: str = self.cleaned_data["step"]
        after: int | None = self.cleaned_data["after"]
        return step or (after if after != self.cleaned_data["household"] else None)


class AfterForm(forms.Form):
    """Puts one household after another, by choosing both from the list."""

    household = forms.TypedChoiceField(label=_("Household"), coerce=int)
    after = forms.TypedChoiceField(label=_("comes after"), coerce=int)

    def __init__(self, doors: list[Door]) -> None:
        super().__init__()
        named = [
            (door.id, " · ".join(part for part in (door.address, door.book_number) if part))
            for door in doors
            if door.id
        ]
        self.fields["household"].choices = named  # type: ignore[attr-defined]
        self.fields["after"].choices = [(0, _("– at the beginning –")), *named]  # type: ignore[attr-defined]


class HelperForm(forms.Form):
    """Who goes to the doors of a group."""

    account = forms.TypedChoiceField(label=_("Helper"), coerce=int)

    def __init__(self, accounts: list[tuple[int, str]], data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["account"].choices = accounts  # type: ignore[attr-defined]
