"""What coverage is taken out as."""

from django import forms
from django.utils.translation import gettext_lazy as _

from ksdb.coverage.exporting import Part
from ksdb.web.exporting import FileKind


class ExportForm(forms.Form):
    """Which of the page's tables, and in which form."""

    part = forms.TypedChoiceField(
        label=_("Table"),
        coerce=Part,
        choices=[
            (Part.DIVISIONS.value, _("Divisions, as on this page")),
            (Part.AGES.value, _("Age and sex")),
            (Part.DAYS.value, _("Day by day")),
        ],
    )
    kind = forms.TypedChoiceField(
        label=_("File"),
        coerce=lambda value: FileKind(int(value)),
        choices=[(FileKind.XLSX.value, "XLSX"), (FileKind.CSV.value, "CSV")],
    )
