"""Forms of the residents' pages, and of the officer who decides about their requests."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.core.clock import today
from ksdb.core.ids import digits_of, is_id_number
from ksdb.core.names import stored_name
from ksdb.core.scope import Scope
from ksdb.enrolment.forms import CommuneField
from ksdb.enrolment.queries import communes_today
from ksdb.registry.births import Birth, read_birth
from ksdb.sms.forms import CodeField, PhoneField
from ksdb.wallet.claiming import Facts
from ksdb.wallet.models import Holding

Relation = Holding.Relation
OTHERS: list[tuple[str, Any]] = [
    (Relation.CHILD, _("My child's")),
    (Relation.PARENT, _("My father's or mother's")),
    (Relation.WARD, _("Somebody's whom I look after")),
    (Relation.OTHER, _("Another member of my household's")),
]


class NumberForm(forms.Form):
    """The phone to which a code goes."""

    phone = PhoneField(
        label=_("Your mobile phone number"),
        help_text=_("We send it a message with six digits. It costs you nothing."),
        max_length=20,
    )


class CodeForm(forms.Form):
    """The six digits that came to the phone."""

    code = CodeField(label=_("The six digits"), help_text=_("They stand in the message on your phone."), max_length=10)


class BirthField(forms.CharField):
    """A day of birth, or the year alone where nobody knows the day."""

    def clean(self, value: Any) -> Birth:
        read = read_birth(super().clean(value).strip(), today())
        if not isinstance(read, Birth):
            raise forms.ValidationError(gettext("Write the day of birth like this: 5/3/1956. Or only the year: 1956."))
        return read


class ClaimForm(forms.Form):
    """Whose card the phone is to keep, as it stands in the person's papers."""

    relation = forms.ChoiceField(label=_("Whose card is it?"), widget=forms.RadioSelect)
    full_name = forms.CharField(label=_("Full name"), help_text=_("As on the papers."), min_length=3, max_length=120)
    birth = BirthField(
        label=_("Day of birth"), help_text=_("For example 5/3/1956. If you only know the year: 1956."), max_length=12
    )
    id_number = forms.CharField(
        label=_("Number of the identity card"),
        help_text=_("12 digits. A child has none yet: leave it empty."),
        max_length=20,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    commune = CommuneField(
        label=_("Ward or commune where the person lives"),
        help_text=_("Type a few letters, then choose"),
        max_length=120,
    )
    address = forms.CharField(
        label=_("House number, street or hamlet"),
        help_text=_("So that your ward finds you."),
        max_length=200,
        required=False,
    )

    def __init__(self, scope: Scope, data: Any = None, *, has_own: bool = False) -> None:
        super().__init__(data)
        commune: CommuneField = self.fields["commune"]  # type: ignore[assignment]
        commune.offer(communes_today(scope))
        relation: forms.ChoiceField = self.fields["relation"]  # type: ignore[assignment]
        relation.choices = OTHERS if has_own else [(Relation.SELF, _("Mine")), *OTHERS]
        if not has_own:
            self.initial["relation"] = Relation.SELF

    def clean_full_name(self) -> str:
        return stored_name(self.cleaned_data["full_name"])

    def clean_id_number(self) -> str:
        number = digits_of(self.cleaned_data["id_number"])
        if number and not is_id_number(number):
            raise forms.ValidationError(gettext("The number has 12 digits, on old papers 9. Look at the papers again."))
        return number

    @property
    def facts(self) -> Facts:
        said = self.cleaned_data
        birth: Birth = said["birth"]
        return Facts(
            said["full_name"],
            birth.year,
            birth.on,
            said["id_number"],
            said["relation"],
            said["commune"].pk,
            stored_name(said["address"]),
        )


class RefusalForm(forms.Form):
    """Why a request is not confirmed; whoever asked reads it."""

    reason = forms.CharField(
        label=_("Why it is not confirmed"),
        help_text=_("Whoever asked reads this. Say what to do next."),
        max_length=300,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
