"""The desk's form for one person: its fields, what is asked back about them, and how a scanned code fills them."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Protocol

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.core import ids
from ksdb.core.clock import today
from ksdb.core.idcodes import CodeKind, Doubt, IdCode
from ksdb.core.names import stored_name
from ksdb.registry.actions import Person
from ksdb.registry.births import Birth, read_birth
from ksdb.registry.checking import is_name
from ksdb.registry.communes import Commune, group_name
from ksdb.registry.problems import sentence

ADULT_YEARS = 14
"""From 14 on a citizen has an identity card of their own (Law on Identity, 2023, Article 19)."""

OLD_DIGITS = 9

DOUBTS: Mapping[Doubt, str | Promise] = {
    Doubt.BIRTH: _("The date of birth in the code cannot be read. Type it in."),
    Doubt.LETTERS: _(
        "The letters did not arrive whole. If an input method (UniKey, Telex, VNI) is on, switch it off and scan "
        "again; else correct the name and the address by hand."
    ),
    Doubt.NUMBER: _("The number in the code does not go with the birth, the sex or a province. Check it on the card."),
    Doubt.SEX: _("The sex in the code cannot be read. It was taken from the ID number; check it."),
}
NO_CODE = _(
    "This is neither the code of a chip ID card nor a personal QR code. Switch off the Vietnamese input method "
    "(UniKey) and scan again, or type the data in."
)
SEXES = [("", _("not known")), ("female", _("female")), ("male", _("male"))]
DOCUMENTS = [("", _("ID number (12 or 9 digits)")), ("passport", _("Passport"))]
PLACE = ("commune", "group")
_TEXT = {"autocomplete": "off", "spellcheck": "false"}


def fields_of(code: IdCode) -> dict[str, str]:
    """What the code says, by the fields of the form."""
    birth = f"{code.born_on:%d/%m/%Y}" if code.born_on else str(code.birth_year or "")
    found = {"name": code.name, "birth": birth, "sex": code.sex or "", "address": code.address}
    found["id_number"] = code.id_number
    found["old_id_number"] = code.old_id_number if len(code.old_id_number) == OLD_DIGITS else ""
    if code.kind is CodeKind.PERSONAL_QR and not ids.is_id_number(code.id_number):
        found["document"] = "passport"
    return {name: value for name, value in found.items() if value}


def filled(typed: dict[str, str], said: dict[str, str]) -> dict[str, str]:
    """The form with what a code says. A code of somebody else begins a new person, of the same place."""
    before, now_said = typed.get("id_number"), said.get("id_number")
    if before and now_said and before != now_said:
        typed = {name: typed[name] for name in PLACE if name in typed}
    return {**typed, **said}


def doubts_of(code: IdCode) -> list[str]:
    return [str(DOUBTS[doubt]) for doubt in code.doubts]


class Recorded(Protocol):
    """What of a registered person the form begins with; numbers are not shown."""

    full_name: str
    birth_year: int
    born_on: date | None
    sex: str
    id_document: str
    nationality: str
    relation: str
    division: Any
    household: Any


def initial_of(one: Recorded) -> dict[str, object]:
    home = one.household
    return {
        "name": one.full_name,
        "birth": f"{one.born_on:%d/%m/%Y}" if one.born_on else str(one.birth_year),
        "sex": one.sex,
        "document": one.id_document,
        "nationality": one.nationality,
        "commune": one.division.parent_id,
        "group": one.division.name,
        "household": home.book_number if home else "",
        "relation": one.relation,
        "address": home.address if home else "",
    }


class PersonForm(forms.Form):
    """One person, as the desk has them before it. `asks` are doubts that a second press of the button sets aside."""

    name = forms.CharField(label=_("Full name"), max_length=120, widget=forms.TextInput(attrs=_TEXT))
    birth = forms.CharField(
        label=_("Date of birth"),
        help_text=_("Day/month/year, or the year alone"),
        max_length=20,
        widget=forms.TextInput(attrs={**_TEXT, "inputmode": "numeric"}),
    )
    sex = forms.ChoiceField(label=_("Sex"), choices=SEXES, required=False)
    document = forms.ChoiceField(label=_("Identity paper"), choices=DOCUMENTS, required=False)
    id_number = forms.CharField(
        label=_("Number of the paper"),
        help_text=_("Empty for whoever has none"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs=_TEXT),
    )
    old_id_number = forms.CharField(
        label=_("Old ID number"),
        help_text=_("The nine digits from before the chip card, by which an older record is found"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={**_TEXT, "inputmode": "numeric"}),
    )
    nationality = forms.CharField(
        label=_("Country of the passport"),
        help_text=_("Three letters as in the passport, such as USA, KOR, LAO"),
        required=False,
        max_length=3,
        widget=forms.TextInput(attrs=_TEXT),
    )
    phone = forms.CharField(
        label=_("Phone"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={**_TEXT, "inputmode": "tel"}),
    )
    guardian_number = forms.CharField(
        label=_("ID number of the guardian"),
        help_text=_("For a child, or whoever is cared for; the guardian is registered first"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={**_TEXT, "inputmode": "numeric"}),
    )
    guardian_name = forms.CharField(
        label=_("Or the guardian's full name"),
        help_text=_("For a guardian whose number is not at hand"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs=_TEXT),
    )
    guardian_year = forms.IntegerField(
        label=_("Year of birth of the guardian"),
        required=False,
        min_value=1900,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 4, "autocomplete": "off"}),
    )
    guardian = forms.IntegerField(required=False, widget=forms.HiddenInput)
    commune = forms.TypedChoiceField(label=_("Commune"), coerce=int)
    group = forms.CharField(
        label=_("Residential group"),
        max_length=100,
        help_text=_("Its number or name, such as 3 or Thôn Bồn Trì"),
        widget=forms.TextInput(attrs={**_TEXT, "list": "groups"}),
    )
    household = forms.CharField(
        label=_("Household number"),
        help_text=_("An existing household is joined, a new one is made; empty: the household of the address"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=_TEXT),
    )
    relation = forms.CharField(
        label=_("Relation to the head of household"),
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs=_TEXT),
    )
    address = forms.CharField(
        label=_("Home address"), required=False, max_length=200, widget=forms.TextInput(attrs=_TEXT)
    )

    def __init__(self, communes: list[tuple[int, str]], data: Any = None, **kwargs: Any) -> None:
        self.keeps_numbers = bool(kwargs.pop("keeps_numbers", False))
        super().__init__(data, **kwargs)
        self.communes = dict(communes)
        choices = communes if len(communes) == 1 else [("", gettext("Choose a commune")), *communes]
        self.fields["commune"].choices = choices  # type: ignore[attr-defined]
        self.asks: list[str] = []
        if self.keeps_numbers:
            for name in ("id_number", "old_id_number", "phone", "guardian_number"):
                self.fields[name].help_text = _("Empty: stays as it is. A dash (-) deletes it.")

    def clean_name(self) -> str:
        name = stored_name(self.cleaned_data["name"])
        if not is_name(name):
            raise forms.ValidationError(sentence("name_letters"))
        return name

    def clean_birth(self) -> Birth:
        found = read_birth(self.cleaned_data["birth"], today())
        if not isinstance(found, Birth):
            raise forms.ValidationError(sentence(found))
        return found

    def clean_phone(self) -> str | None:
        typed = self.cleaned_data["phone"].strip()
        if typed in {"", "-"}:
            return self._kept(typed)
        phone = ids.modern_phone(typed)
        if phone is None:
            raise forms.ValidationError(gettext("This is no phone number. Correct it, or leave the field empty."))
        return phone

    def clean_guardian_number(self) -> str | None:
        number = ids.digits_of(self.cleaned_data["guardian_number"])
        if number == "":
            return self._kept(self.cleaned_data["guardian_number"].strip())
        if not ids.is_id_number(number):
            raise forms.ValidationError(sentence("id_number_wrong"))
        return number

    def clean_old_id_number(self) -> str | None:
        typed = self.cleaned_data["old_id_number"].strip()
        if typed in {"", "-"}:
            return self._kept(typed)
        number = ids.digits_of(typed)
        if len(number) != OLD_DIGITS or not ids.is_id_number(number):
            raise forms.ValidationError(
                gettext("An old ID number has nine digits. Correct it, or leave the field empty.")
            )
        return number

    def clean_nationality(self) -> str:
        return str(self.cleaned_data["nationality"]).strip().upper()

    def _kept(self, typed: str) -> str | None:
        """An empty field of a correction stays; a dash deletes."""
        return None if self.keeps_numbers and typed == "" else ""

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        typed = said.get("id_number", "").strip()
        said["id_number"] = self._kept(typed) if typed in {"", "-"} else self._number(typed)
        if "commune" in said and "group" in said:
            commune = Commune(said["commune"], self.communes[said["commune"]])
            said["group"] = group_name(said["group"], commune)
        return said

    def clean_guardian_name(self) -> str:
        return stored_name(self.cleaned_data["guardian_name"])

    def clean_guardian_year(self) -> int | None:
        year: int | None = self.cleaned_data["guardian_year"]
        if self.cleaned_data.get("guardian_name") and not year:
            raise forms.ValidationError(gettext("Enter the year of birth too: many people share a name."))
        return year

    @property
    def guardian_asked(self) -> tuple[str, int] | None:
        """Name and year of a guardian who is yet to be found and chosen."""
        said = self.cleaned_data
        if not said["guardian_name"] or said["guardian_number"] or said["guardian"]:
            return None
        return said["guardian_name"], said["guardian_year"]

    def _number(self, typed: str) -> str:
        said = self.cleaned_data
        if said.get("document") == "passport":
            if not said.get("nationality"):
                self.add_error("nationality", gettext("A passport needs its country."))
            return "".join(character for character in typed.upper() if character.isalnum())
        number = ids.digits_of(typed)
        if not ids.is_id_number(number):
            self.add_error("id_number", sentence("id_number_wrong"))
            return ""
        birth = said.get("birth")
        if isinstance(birth, Birth):
            sex: Any = said.get("sex") or None
            self.asks += [sentence(doubt) for doubt in ids.id_number_doubts(number, birth.on or birth.year, sex)]
        return number

    @property
    def lacks_guardian(self) -> bool:
        """A child without a guardian is asked about, never refused."""
        birth = self.cleaned_data["birth"]
        is_child: bool = today().year - birth.year < ADULT_YEARS
        said = self.cleaned_data
        return is_child and not (said["guardian_number"] or said["guardian_name"])

    @property
    def person(self) -> Person:
        said = self.cleaned_data
        return Person(
            name=said["name"],
            birth_year=said["birth"].year,
            born_on=said["birth"].on,
            sex=said["sex"],
            commune_id=said["commune"],
            group=said["group"],
            household=stored_name(said["household"]),
            address=stored_name(said["address"]),
            relation=stored_name(said["relation"]),
            document=said["document"],
            nationality=said["nationality"],
            id_number=said["id_number"],
            old_id_number=said["old_id_number"],
            phone=said["phone"],
            guardian_number=said["guardian_number"],
            guardian_id=said["guardian"] if said["guardian_name"] and not said["guardian_number"] else None,
        )
