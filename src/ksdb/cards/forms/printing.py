"""Forms of printing: what to print and how, what came out badly, which year's cost."""

import re
from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.cards.forms import PRINTED_CHOICES
from ksdb.cards.sheets import DEFAULT_LAYOUT
from ksdb.cards.words import LAYOUT_LABELS, LAYOUTS_OF_MANY, LAYOUTS_OF_ONE
from ksdb.core.ids import digits_of, is_card_number
from ksdb.core.token import Form
from ksdb.places.models import Division

MOST_SHEETS = 500
_SHEETS = re.compile(r"(\d{1,3})-(\d{1,4})(?:…(\d{1,4}))?")


class PrintForm(forms.Form):
    """For which division, and which form of card."""

    division = forms.TypedChoiceField(label=_("Division"), coerce=int)
    form = forms.TypedChoiceField(
        label=_("Form of the card"), choices=PRINTED_CHOICES, coerce=lambda value: Form(int(value))
    )

    def __init__(self, *args: object, divisions: Iterable[Division], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = [(one.pk, f"– {one.name}" if one.kind == Division.Kind.GROUP else one.name) for one in divisions]
        self.fields["division"].choices = choices  # type: ignore[attr-defined]


class IssueMissingForm(PrintForm):
    """And that cards for all of them are really wanted."""

    confirmed = forms.BooleanField(label=_("I want cards for everybody registered there who has none"))


class OrderForm(PrintForm):
    """And on which sheets, and who pays."""

    layout = forms.ChoiceField(
        label=_("Sheets"), choices=[(name, LAYOUT_LABELS[name]) for name in LAYOUTS_OF_MANY], required=False
    )
    payer = forms.ChoiceField(
        label=_("Paid by"),
        choices=[("ward", _("The ward's budget")), ("province", _("The province's budget"))],
        required=False,
    )

    def clean_layout(self) -> str:
        return self.cleaned_data["layout"] or DEFAULT_LAYOUT

    @classmethod
    def of(cls, chosen: PrintForm, divisions: Iterable[Division]) -> "OrderForm":
        """For a division and form that are chosen already."""
        said = {name: chosen.cleaned_data[name] for name in ("division", "form")}
        layout = "cr80" if said["form"] == Form.PLASTIC else DEFAULT_LAYOUT
        made = cls(initial={**said, "form": said["form"].value, "layout": layout}, divisions=divisions)
        for name in said:
            made.fields[name].widget = forms.HiddenInput()
        return made


class SingleForm(forms.Form):
    """On which sheet one card is printed."""

    layout = forms.ChoiceField(label=_("Sheets"), choices=[(name, LAYOUT_LABELS[name]) for name in LAYOUTS_OF_ONE])


class LetterForm(forms.Form):
    """Which cards of a household go into its letter."""

    form = forms.TypedChoiceField(
        label=_("Form of the card"), choices=PRINTED_CHOICES, coerce=lambda value: Form(int(value))
    )


class MisprintForm(forms.Form):
    """What came out badly: card numbers, or sheets as the foot of each names them."""

    numbers = forms.CharField(
        label=_("Card numbers"),
        help_text=_("One card a line, 12 digits each"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "autocomplete": "off", "spellcheck": "false"}),
    )
    sheets = forms.CharField(
        label=_("Or whole sheets"),
        help_text=_("File and sheet as at the foot of the page, for example 1-12, or several: 1-12, 1-15…18"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_numbers(self) -> list[str]:
        lines = [digits_of(line) for line in self.cleaned_data["numbers"].splitlines() if line.strip()]
        for number, digits in enumerate(lines, 1):
            if not is_card_number(digits):
                raise forms.ValidationError(gettext("Line %(line)s is not a card number.") % {"line": number})
        return list(dict.fromkeys(lines))

    def clean_sheets(self) -> list[tuple[int, int]]:
        """Pairs of file and sheet, each once."""
        wanted: dict[tuple[int, int], None] = {}
        for word in self.cleaned_data["sheets"].replace("...", "…").replace(",", " ").split():
            found = _SHEETS.fullmatch(word)
            if not found:
                raise forms.ValidationError(gettext("Write sheets as at the foot of the page, for example 1-12."))
            file, first = int(found[1]), int(found[2])
            wanted |= {(file, sheet): None for sheet in range(first, int(found[3] or first) + 1)}
        if len(wanted) > MOST_SHEETS:
            raise forms.ValidationError(gettext("At most 500 sheets at once."))
        return list(wanted)

    def clean(self) -> dict[str, object]:
        said = super().clean() or {}
        if not self.errors and not said.get("numbers") and not said.get("sheets"):
            raise forms.ValidationError(gettext("Name the cards or the sheets that came out badly."))
        return said


class YearForm(forms.Form):
    """A year of cost."""

    year = forms.IntegerField(label=_("Year"), min_value=2020, max_value=2100)
