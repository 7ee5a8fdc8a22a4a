"""Template tags of the work at the doors: a card's state as a coloured word, reasons in words and letters."""

from django import template
from django.utils.safestring import SafeString

from ksdb.outreach.doors import CardState
from ksdb.outreach.reasons import Reason
from ksdb.outreach.words import CARD_KINDS, CARD_LABELS, REASON_LABELS, REASON_LETTERS
from ksdb.web.templatetags.ksdb import tag

register = template.Library()


@register.simple_tag
def card_tag(state: CardState) -> SafeString:
    return tag(CARD_LABELS[state], CARD_KINDS[state])


@register.filter
def reason_label(reason: str) -> str:
    return str(REASON_LABELS[Reason(reason)])


@register.filter
def reason_letter(reason: str) -> str:
    return REASON_LETTERS[Reason(reason)]
