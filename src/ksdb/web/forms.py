"""How every Django form of the site is drawn; named by the FORM_RENDERER setting."""

from django.forms.renderers import DjangoTemplates


class FormRenderer(DjangoTemplates):
    form_template_name = "web/form.html"
    field_template_name = "web/field.html"
