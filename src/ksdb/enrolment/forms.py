"""Forms of this room: a place, a phone, a code, a reason."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from ksdb.core.names import fold, stored_name
from ksdb.core.scope import Scope
from ksdb.enrolment.actions import Facts
from ksdb.enrolment.models import Place
from ksdb.enrolment.queries import communes_today, kinds
from ksdb.places.forms import PositionField, written
from ksdb.places.models import Division
from ksdb.sms.forms import CodeField, PhoneField


class CommuneWidget(forms.TextInput):
    """A text with the communes of today to choose from as one types; the browser's own list, no script."""

    template_name = "enrolment/commune_widget.html"
    communes: tuple[str, ...] = ()

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return context | {"communes": self.communes, "list_id": f"{name}-list"}


class CommuneField(forms.CharField):
    """A commune of today: exactly as written, or the only one that has these letters. The form offers them."""

    widget = CommuneWidget

    def offer(self, communes: Iterable[Division]) -> None:
        self._communes = {division.name: division for division in communes}
        self.widget.communes = tuple(self._communes)

    def clean(self, value: Any) -> Division:
        given = stored_name(super().clean(value))
        if given in self._communes:
            return self._communes[given]
        alike = [name for name in self._communes if fold(given) in fold(name)]
        if len(alike) == 1:
            return self._communes[alike[0]]
        if alike:
            sentence = gettext("Several have these letters: %(names)s. Choose one.")
            raise forms.ValidationError(sentence % {"names": ", ".join(alike[:5])})
        raise forms.ValidationError(gettext("There is no such ward or commune today. Choose one from the list."))


class TimeField(forms.TimeField):
    """A time of the day, as `07:30`."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class PlaceForm(forms.Form):
    """What the ward needs to know of a place."""

    name = forms.CharField(label=_("Name of the place"), help_text=_("As on its sign"), max_length=160, min_length=3)
    kind = forms.ChoiceField(label=_("Type"))
    commune = CommuneField(label=_("Ward or commune"), help_text=_("Type a few letters, then choose"), max_length=120)
    address = forms.CharField(
        label=_("Address of the place"), help_text=_("House number, street, hamlet"), max_length=200
    )
    opens_at = TimeField(label=_("Opens at"))
    closes_at = TimeField(label=_("Closes at"), help_text=_("Earlier than the opening: open over midnight"))
    capacity = forms.IntegerField(label=_("How many people it holds"), required=False, min_value=1, max_value=100_000)
    position = PositionField()
    is_sensitive = forms.BooleanField(
        label=_("The address must not become known (a shelter, a clinic for some illnesses)"),
        required=False,
        help_text=_("No public list, map or export will show the place"),
    )
    contact_name = forms.CharField(
        label=_("Your full name"), max_length=120, min_length=3, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )

    def __init__(self, scope: Scope, data: Any = None, initial: Any = None) -> None:
        super().__init__(data, initial=initial)
        commune: CommuneField = self.fields["commune"]  # type: ignore[assignment]
        commune.offer(communes_today(scope))
        is_vietnamese = (get_language() or "vi").startswith("vi")
        words = [(kind.code, kind.name_vi if is_vietnamese else kind.name_en) for kind in kinds(scope)]
        choices = [("", _("Choose a type")), *sorted(words, key=lambda choice: choice[1])]
        self.fields["kind"].choices = choices  # type: ignore[attr-defined]

    @classmethod
    def of(cls, scope: Scope, place: Place, data: Any = None) -> "PlaceForm":
        """With what the owner typed."""
        same = ("name", "address", "opens_at", "closes_at", "capacity", "is_sensitive", "contact_name")
        initial = {name: getattr(place, name) for name in same}
        where = written(place.latitude, place.longitude)
        return cls(scope, data, initial | {"kind": place.type_id, "commune": place.division.name, "position": where})

    def clean_name(self) -> str:
        return stored_name(self.cleaned_data["name"])

    def clean_address(self) -> str:
        return stored_name(self.cleaned_data["address"])

    def clean_contact_name(self) -> str:
        return stored_name(self.cleaned_data["contact_name"])

    @property
    def facts(self) -> Facts:
        data = self.cleaned_data
        same = ("name", "address", "contact_name", "opens_at", "closes_at", "capacity", "is_sensitive")
        latitude, longitude = data["position"] or (None, None)
        said = {name: data[name] for name in same} | {"latitude": latitude, "longitude": longitude}
        return Facts(type_id=data["kind"], division_id=data["commune"].pk, **said)


class RegisterForm(PlaceForm):
    """The same with the owner's phone, to which the code goes."""

    phone = PhoneField(label=_("Your mobile phone"), help_text=_("A code of six digits is sent to it"), max_length=20)


class PhoneForm(forms.Form):
    """With which phone a place was registered."""

    phone = PhoneField(
        label=_("Your mobile phone"), help_text=_("The one you registered the place with"), max_length=20
    )


class PhoneCodeForm(forms.Form):
    """The six digits that came to the phone."""

    code = CodeField(label=_("Code"), help_text=_("Six digits"), max_length=10)


class RefusalForm(forms.Form):
    """Why a place is not approved; its owner reads it."""

    reason = forms.CharField(
        label=_("Why it is not approved"),
        help_text=_("The owner reads this. Say what to correct."),
        max_length=300,
        min_length=10,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
