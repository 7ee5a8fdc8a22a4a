"""Forms of duplicates: which record to keep."""

from django import forms
from django.utils.translation import gettext_lazy as _


class MergeForm(forms.Form):
    """Which of the two records counts from now on."""

    survivor = forms.TypedChoiceField(
        label=_("Which record is kept?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the record that is kept.")},
    )
    confirmed = forms.BooleanField(
        label=_("I have compared both records: they are of one person"),
        error_messages={"required": _("Compare the records, and confirm that you did.")},
    )

    def __init__(self, choices: list[tuple[int, str]], data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["survivor"].choices = choices  # type: ignore[attr-defined]
