"""Words for codes on a resident's pages: `{% load wallet_mine %}`"""

from datetime import date

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ksdb.notices.words import TITLES
from ksdb.wallet.asking import ABOUT_LABELS, ALLOWED_LABELS, SYMPTOMS, About, Allowed

register = template.Library()

ACTS: dict[str, str | Promise] = {
    "registry:resident:read": _("opened the record"),
    "registry:household:read": _("looked at the household"),
    "registry:resident:write": _("changed the record"),
    "registry:resident:export": _("took out a list"),
    "cards:card:read": _("looked at the cards"),
    "tracing:case:read": _("looked at a case and its contacts"),
    "tracing:case:write": _("opened a case"),
    "tracing:trace:run": _("looked at the visits for a case"),
    "tracing:trace:export": _("took out the contacts of a case"),
    "tracing:contact:tell": _("told the contacts of a case"),
    "visits:dispute:read": _("looked at a visit that is disputed"),
    "visits:dispute:decide": _("answered about a visit"),
    "visits:dispute:write": _("noted a visit that is disputed"),
    "wallet:request:read": _("looked at a request"),
    "wallet:request:decide": _("answered a request"),
    "wallet:sheet:print": _("printed this for the resident"),
    "wallet:holding:read": _("looked which phones keep the card"),
    "wallet:claim:decide": _("confirmed whose phone it is"),
}
"""In plain words what was done; what is not listed was a reading."""


@register.filter
def act_label(action: str) -> str | Promise:
    """An entry of the trail in the resident's words."""
    return ACTS.get(action, _("read the record"))


@register.filter
def about_label(about: str) -> str | Promise:
    return ABOUT_LABELS[About(about)]


@register.filter
def allowed_label(what: str) -> str | Promise:
    return ALLOWED_LABELS[Allowed(what)]


@register.filter
def symptom_label(code: str) -> str | Promise:
    return SYMPTOMS.get(code, code)


@register.filter
def notice_label(kind: str) -> str | Promise:
    return TITLES[kind]


@register.filter
def day_label(day: str) -> date:
    """A day as facts keep it."""
    return date.fromisoformat(day)
