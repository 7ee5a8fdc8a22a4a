"""Forms of the registry: whom to look for and why, and which list to import where."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from django import forms
from django.template.defaultfilters import date as written_date
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ksdb.approvals.forms import ReasonField
from ksdb.core.clock import today
from ksdb.core.scope import Purpose, Scope
from ksdb.places.models import Division
from ksdb.registry.encodings import Encoding
from ksdb.registry.headings import Column
from ksdb.registry.probing import Asked as LookAsked
from ksdb.registry.probing import Look
from ksdb.registry.problems import column_label
from ksdb.registry.purposes import PURPOSE_CHOICES
from ksdb.registry.queries import divisions_for_import
from ksdb.registry.sealing import END_DIGITS
from ksdb.registry.searching import ResidentSearch
from ksdb.web.exporting import FileKind
from ksdb.web.forms import FILE_KINDS

MAX_UPLOAD_BYTES = 256 * 2**20
MAX_WORKBOOK_BYTES = 64 * 2**20


def _end_field(label: Any) -> forms.RegexField:
    attributes = {"inputmode": "numeric", "maxlength": END_DIGITS, "autocomplete": "off"}
    return forms.RegexField(
        rf"^[0-9]{{{END_DIGITS}}}$",
        label=label,
        required=False,
        error_messages={"invalid": _("Enter the last four digits.")},
        widget=forms.TextInput(attrs=attributes),
    )


class ResidentSearchForm(forms.Form):
    """Sent by POST: a name looked for belongs in no address bar and no log."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        min_length=2,
        max_length=120,
        help_text=_("With or without marks; or a card's 12 digits"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    birth_year = forms.IntegerField(
        label=_("Year of birth"),
        required=False,
        min_value=1900,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 4, "autocomplete": "off"}),
    )
    phone_end = _end_field(_("Phone, last four digits"))
    id_number_end = _end_field(_("ID number, last four digits"))
    purpose = forms.ChoiceField(
        label=_("Purpose of the search"), choices=[("", _("Choose a purpose")), *PURPOSE_CHOICES]
    )
    page = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)

    @property
    def search(self) -> ResidentSearch:
        said = self.cleaned_data
        return ResidentSearch(said["name"], said["birth_year"], said["phone_end"], said["id_number_end"])

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and not any(said.get(name) for name in ("name", "birth_year", "phone_end", "id_number_end")):
            self.add_error("name", gettext("Enter a name, or something else to look for."))
        return said

    @property
    def purpose_named(self) -> Purpose:
        return Purpose(self.cleaned_data["purpose"])


class PurposeForm(forms.Form):
    """Asked before a record is shown that was opened without a purpose."""

    purpose = forms.ChoiceField(
        label=_("Why do you open this record?"), choices=PURPOSE_CHOICES, widget=forms.RadioSelect
    )


class ImportForm(forms.Form):
    """A list and the division its people live in."""

    division = forms.TypedChoiceField(label=_("Division"), coerce=int)
    file = forms.FileField(
        label=_("File"),
        help_text=_("Excel (.xlsx), at most 64 MB, or CSV, at most 256 MB"),
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )

    def __init__(self, scope: Scope, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        divisions = divisions_for_import(scope)
        choices: list[Any] = list(_by_structure(divisions))
        if len(divisions) > 1:
            choices.insert(0, ("", gettext("Choose a division")))
        field = self.fields["division"]
        assert isinstance(field, forms.TypedChoiceField)  # noqa: S101 - declared above
        field.choices = choices

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith((".xlsx", ".csv")):
            raise forms.ValidationError(
                gettext("Choose an .xlsx or .csv file. Save an older .xls file as .xlsx first.")
            )
        is_workbook = file.name.lower().endswith(".xlsx")
        if file.size > (MAX_WORKBOOK_BYTES if is_workbook else MAX_UPLOAD_BYTES):
            raise forms.ValidationError(
                gettext("The file is too large. Save it as CSV, or divide the list into parts.")
            )
        return file


def _by_structure(divisions: list[Division]) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """The divisions in groups, one for each administrative structure, latest first."""
    for start, group in groupby(divisions, key=lambda division: division.valid_from):
        label = gettext("Structure of today") if _holds_today(group_first := list(group)) else ""
        label = label or gettext("Structure from %(day)s") % {"day": written_date(start, "j/n/Y")}
        yield label, [(division.pk, division.name) for division in group_first]


def _holds_today(divisions: list[Division]) -> bool:
    return all(division.valid_to is None or division.valid_to > today() for division in divisions)


class ExportForm(forms.Form):
    """What to take out, for what purpose and why; the caller names the divisions there are."""

    division = forms.TypedChoiceField(label=_("Division"), coerce=int)
    purpose = forms.TypedChoiceField(
        label=_("Purpose"), coerce=Purpose, choices=[("", _("Choose a purpose")), *PURPOSE_CHOICES]
    )
    kind = forms.TypedChoiceField(
        label=_("Kind of file"),
        coerce=lambda value: FileKind(int(value)),
        choices=FILE_KINDS,
        initial=FileKind.XLSX.value,
    )
    reason = ReasonField()

    def __init__(self, divisions: Iterable[Division], data: Any = None) -> None:
        super().__init__(data)
        self.fields["division"].choices = [(one.pk, one.name) for one in divisions]  # type: ignore[attr-defined]


MOST_ASKED_COLUMNS = 60
DELIMITER_CHOICES = [(",", _("comma ,")), (";", _("semicolon ;")), ("\t", _("tab"))]
ENCODING_CHOICES = [
    (Encoding.UTF_8.value, "UTF-8"),
    (Encoding.WINDOWS_1258.value, "Windows-1258"),
    (Encoding.ISO_8859_1.value, "ISO-8859-1"),
    (Encoding.UTF_16.value, "UTF-16"),
]


class LookForm(forms.Form):
    """How a file is to be read: the row of its heading, and of a CSV file encoding and separator."""

    encoding = forms.ChoiceField(label=_("Encoding"), choices=ENCODING_CHOICES)
    delimiter = forms.ChoiceField(label=_("Separator"), choices=DELIMITER_CHOICES)
    heading_row = forms.IntegerField(
        label=_("Row of the headings"),
        min_value=1,
        max_value=1000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "maxlength": 4, "autocomplete": "off"}),
    )

    def __init__(self, look: Look, data: Any = None, *, is_csv: bool) -> None:
        plan = look.plan
        said = {"encoding": plan.encoding, "delimiter": plan.delimiter, "heading_row": plan.heading_row + 1}
        super().__init__(data, initial=said)
        self._seen_row = plan.heading_row + 1
        if look.is_open:
            self.fields["encoding"].choices = [("", _("– choose –")), *ENCODING_CHOICES]  # type: ignore[attr-defined]
            self.initial["encoding"] = ""
        if not is_csv:
            del self.fields["encoding"], self.fields["delimiter"]

    @property
    def asked(self) -> LookAsked:
        """A row is asked for where it is another than was seen; else it is looked for anew."""
        said = self.cleaned_data
        row = said["heading_row"] if said["heading_row"] != self._seen_row else None
        return LookAsked(said.get("encoding"), said.get("delimiter"), row)


class ColumnsForm(forms.Form):
    """For each column of a file: what it holds."""

    def __init__(self, look: Look, columns: Mapping[str, int], needed: Iterable[Column], data: Any = None) -> None:
        super().__init__(data)
        self._needed = list(needed)
        named = {place: column for column, place in columns.items()}
        choices = [("", _("– not used –")), *((column.value, column_label(column)) for column in Column)]
        self.places = [place for place, text in enumerate(look.texts) if text][:MOST_ASKED_COLUMNS]
        for place in self.places:
            text = look.texts[place][:80]
            field = forms.ChoiceField(label=text, choices=choices, required=False, initial=named.get(place, ""))
            field.widget.attrs["aria-label"] = text
            self.fields[f"column_{place}"] = field
        self._samples, self._is_open = look.samples, look.is_open

    def rows(self) -> Iterator[tuple[Any, list[str]]]:
        """Each field with what the first rows hold there."""
        for place in self.places:
            told = [row[place] for row in self._samples if place < len(row) and row[place]]
            yield self[f"column_{place}"], told

    def clean(self) -> dict[str, Any]:
        if self._is_open:
            raise forms.ValidationError(gettext("Choose the encoding first, and show the file again."))
        said: dict[Column, int] = {}
        for place in self.places:
            column = self.cleaned_data.get(f"column_{place}")
            if column and Column(column) in said:
                self.add_error(f"column_{place}", gettext("Two columns cannot both be this. Choose one of them."))
            elif column:
                said[Column(column)] = place
        if missing := [str(column_label(column)) for column in self._needed if column not in said]:
            raise forms.ValidationError(gettext("Say which column is: %(names)s.") % {"names": ", ".join(missing)})
        self.columns = said
        return self.cleaned_data
