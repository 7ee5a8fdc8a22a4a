"""How every Django form of the site is drawn (named by the FORM_RENDERER setting), and choices that rooms share."""

from django.forms.renderers import DjangoTemplates
from django.utils.translation import gettext_lazy as _

from ksdb.web.exporting import FileKind

FILE_KINDS = [(FileKind.XLSX.value, _("Excel workbook (.xlsx)")), (FileKind.CSV.value, _("Text with commas (.csv)"))]


class FormRenderer(DjangoTemplates):
    form_template_name = "web/form.html"
    field_template_name = "web/field.html"
