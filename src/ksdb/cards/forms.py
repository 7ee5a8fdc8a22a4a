"""Forms of this room: find by number, issue, change a status, choose what to print."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.cards.life import REASONS, Reason
from ksdb.cards.queries import NumberMistyped
from ksdb.cards.words import FORM_LABELS, REASON_LABELS
from ksdb.core.decision import CardStatus
from ksdb.core.ids import digits_of, is_card_number
from ksdb.core.token import Form
from ksdb.places.models import Division

FORM_CHOICES = [(form.value, label) for form, label in FORM_LABELS.items()]
PRINTED_CHOICES = [(form.value, FORM_LABELS[form]) for form in (Form.PAPER, Form.PLASTIC)]


class FindForm(forms.Form):
    """A card number as printed, typed with or without spaces."""

    number = forms.CharField(
        label=_("Card number"),
        max_length=30,
        help_text=_("The 12 digits on the front of the card, for example 1234 5678 9012"),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}),
    )

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


class PrintForm(forms.Form):
    """For which division, and which form of card."""

    division = forms.TypedChoiceField(label=_("Division"), coerce=int)
    form = forms.TypedChoiceField(
        label=_("Form of the card"), choices=PRINTED_CHOICES, coerce=lambda value: Form(int(value))
    )

    def __init__(self, *args: object, divisions: Iterable[Division], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(division.pk, division.name) for division in divisions]
        self.fields["division"].choices = choices  # type: ignore[attr-defined]
