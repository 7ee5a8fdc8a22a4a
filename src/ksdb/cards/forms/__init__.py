"""Forms of this room: find by number, issue, change a status. Those of printing are in `printing`."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.approvals.forms import ReasonField
from ksdb.approvals.kinds import MOST_ALONE, Kind
from ksdb.cards.life import ENDING, REASON_NUMBERS, REASONS, REPLACING, Reason, out_of_order
from ksdb.cards.queries import NumberMistyped
from ksdb.cards.words import FORM_LABELS, REASON_LABELS, STATUS_LABELS
from ksdb.core.decision import CardStatus
from ksdb.core.ids import digits_of, is_card_number
from ksdb.core.scope import Purpose
from ksdb.core.token import Form
from ksdb.registry.purposes import PURPOSE_CHOICES

FORM_CHOICES = [(form.value, label) for form, label in FORM_LABELS.items()]
MOST_LINES = 2000
PRINTED_CHOICES = [(form.value, FORM_LABELS[form]) for form in (Form.PAPER, Form.PLASTIC)]


class PurposeField(forms.TypedChoiceField):
    """Why a card is looked up by its number, from the closed list of purposes."""

    def __init__(self, **given: Any) -> None:
        super().__init__(coerce=Purpose, choices=[("", _("Choose a purpose")), *PURPOSE_CHOICES], **given)


class FindForm(forms.Form):
    """A card number as printed, typed with or without spaces."""

    number = forms.CharField(
        label=_("Card number"),
        max_length=30,
        help_text=_("The 12 digits on the front of the card, for example 1234 5678 9012"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}),
    )
    purpose = PurposeField(label=_("Purpose of the search"))

    def clean_number(self) -> str:
        digits = digits_of(self.cleaned_data["number"])
        if not digits.isdigit() or len(digits) != 12:
            raise forms.ValidationError(
                gettext("A card number has 12 digits, you entered %(count)s. Compare it with the card.")
                % {"count": sum(c.isdigit() for c in digits)}
            )
        if not is_card_number(digits):
            raise forms.ValidationError(gettext(NumberMistyped.sentence()))
        return digits


class IssueForm(forms.Form):
    """Which form of card to issue."""

    form = forms.TypedChoiceField(
        label=_("Form of the card"),
        choices=FORM_CHOICES,
        coerce=lambda value: Form(int(value)),
        widget=forms.RadioSelect,
    )


class ChangeForm(forms.Form):
    """A change of status by hand: why, and that somebody looked."""

    status = forms.TypedChoiceField(
        choices=[(status.value, status.name) for status in REASONS],
        coerce=lambda value: CardStatus(int(value)),
        widget=forms.HiddenInput,
    )
    reason = forms.TypedChoiceField(label=_("Reason"), coerce=Reason, choices=list(REASON_LABELS.items()))
    confirmed = forms.BooleanField(label=_("I have checked that this is the person's card"))

    @classmethod
    def towards(cls, status: CardStatus, index: int) -> "ChangeForm":
        """An empty form that leads a card to the status, with the reasons that make sense for it."""
        form = cls(initial={"status": status.value}, auto_id=f"{status.name.lower()}_{index}_%s")
        form.fields["reason"].choices = [(r, REASON_LABELS[r]) for r in REASONS[status]]  # type: ignore[attr-defined]
        return form


class AskIssueForm(forms.Form):
    """Asks for many cards at once."""

    division = forms.IntegerField(widget=forms.HiddenInput)
    form = forms.TypedChoiceField(
        choices=PRINTED_CHOICES, coerce=lambda value: Form(int(value)), widget=forms.HiddenInput
    )
    reason = ReasonField()


class OverrideForm(forms.Form):
    """Asks for a status against the usual life of a card."""

    status = forms.TypedChoiceField(
        label=_("New status"), coerce=lambda value: CardStatus(int(value)), widget=forms.RadioSelect
    )
    reason = ReasonField()

    def __init__(self, status: CardStatus, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        choices = [(goal.value, STATUS_LABELS[goal]) for goal in out_of_order(status)]
        self.fields["status"].choices = choices  # type: ignore[attr-defined]


class RevokeForm(forms.Form):
    """Revokes several cards by their numbers; from more than ten on, another person decides."""

    numbers = forms.CharField(
        label=_("Card numbers"),
        help_text=_("One card a line, 12 digits each, at most 2,000 lines"),
        max_length=60_000,
        widget=forms.Textarea(attrs={"rows": 8, "autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.TypedChoiceField(
        label=_("Reason"), coerce=Reason, choices=[(reason, REASON_LABELS[reason]) for reason in REASON_NUMBERS]
    )
    purpose = PurposeField(label=_("Purpose"))
    why = ReasonField(_("Why so many"))
    confirmed = forms.BooleanField(label=_("A revoked card never works again. I have checked the numbers"))

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["why"].required = False

    def clean_numbers(self) -> list[str]:
        """The numbers, each once."""
        typed = self.cleaned_data["numbers"].splitlines()
        lines = {number: digits_of(line) for number, line in enumerate(typed, 1) if line.strip()}
        for number, digits in lines.items():
            if not is_card_number(digits):
                raise forms.ValidationError(gettext("Line %(line)s is not a card number.") % {"line": number})
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(gettext("At most 2,000 cards at once."))
        return list(dict.fromkeys(lines.values()))

    def clean(self) -> dict[str, object]:
        said = super().clean() or {}
        most = MOST_ALONE[Kind.BULK_REVOKE]
        if len(said.get("numbers", [])) > most and not said.get("why") and "why" not in self.errors:
            told = gettext("More than %(most)s cards need a second person. Say why so many.") % {"most": most}
            self.add_error("why", told)
        return said


class ReplaceForm(forms.Form):
    """Why a card is replaced, and that somebody looked who asks."""

    reason = forms.TypedChoiceField(
        label=_("Reason"), coerce=Reason, choices=[(reason, REASON_LABELS[reason]) for reason in REPLACING]
    )
    prints = forms.BooleanField(label=_("Print the new card at once"), required=False, initial=True)
    confirmed = forms.BooleanField(label=_("I have made sure that the person is the holder of this card"))


class EndForm(forms.Form):
    """Why all cards of a person end."""

    reason = forms.TypedChoiceField(
        label=_("Reason"),
        coerce=Reason,
        choices=[(reason, REASON_LABELS[reason]) for reason in ENDING],
        widget=forms.RadioSelect,
    )
    confirmed = forms.BooleanField(label=_("I have seen the proof; no card of this person works from now on"))
