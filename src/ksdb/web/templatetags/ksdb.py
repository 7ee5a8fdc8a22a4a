"""Template tags and filters of the pages: figures, tags, bars, form fields. `{% load ksdb %}`"""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal

from django import template
from django.forms import BoundField, widgets
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

register = template.Library()

TAG_KINDS = frozenset({"good", "warning", "bad", "info", "neutral"})
NO_BREAK = "\u00a0"
NO_FIGURE = "–"
LEAST_PUBLISHED = 5

Given = int | Decimal | Literal[""] | None  # a template gives an empty string for what it cannot find

WIDGET_KINDS: dict[type[widgets.Widget], str] = {
    widgets.CheckboxSelectMultiple: "checkboxes",  # before RadioSelect, which it inherits from
    widgets.RadioSelect: "radios",
    widgets.CheckboxInput: "checkbox",
    widgets.ClearableFileInput: "file",
    widgets.FileInput: "file",
    widgets.Textarea: "textarea",
    widgets.Select: "select",
}
WIDGET_CLASSES = {"file": "govuk-file-upload", "textarea": "govuk-textarea", "select": "govuk-select"}


@register.filter
def figure(value: Given) -> str:
    """62.468 in Vietnamese, 62,468 in English; a dash for None."""
    return NO_FIGURE if value is None or value == "" else _grouped(f"{value:,}")


@register.filter
def published(count: int) -> str:
    """A figure as it may be published: 1 to 4 only as `<5`, so that no single act can be told from it."""
    return f"<{LEAST_PUBLISHED}" if 0 < count < LEAST_PUBLISHED else figure(count)


@register.filter
def share_of(part: Given, whole: Given) -> str:
    """`part` of `whole` to one decimal: 95,7 % in Vietnamese, 95.7% in English; a dash where there is no whole."""
    share = _percent(part, whole)
    if share is None:
        return NO_FIGURE
    return _grouped(f"{share}") + (f"{NO_BREAK}%" if _is_vietnamese() else "%")


@register.filter
def card_number(value: object) -> str:
    """The 12 digits of a card in groups of four: 1234 5678 9012."""
    digits = str(value)
    return " ".join(digits[i : i + 4] for i in range(0, len(digits), 4))


@register.filter
def minutes(value: timedelta | float | Literal[""] | None) -> str:
    """A length of time in hours and minutes, rounded down, from a timedelta or seconds."""
    if value is None or value == "":
        return NO_FIGURE
    seconds = value.total_seconds() if isinstance(value, timedelta) else value
    hours, rest = divmod(int(seconds) // 60, 60)
    if not hours and not rest:
        return gettext("under a minute")
    words = [
        ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours} if hours else "",
        ngettext("%(count)s minute", "%(count)s minutes", rest) % {"count": rest} if rest else "",
    ]
    return " ".join(filter(None, words))


@register.simple_tag
def tag(text: object, kind: str = "neutral") -> SafeString:
    """A status in a coloured lozenge; the word carries the meaning, the colour only helps."""
    if kind not in TAG_KINDS:
        raise template.TemplateSyntaxError(f"tag kind {kind!r} is not one of {sorted(TAG_KINDS)}")
    return format_html('<strong class="govuk-tag govuk-tag--{}">{}</strong>', kind, text)


@register.simple_tag
def share_bar(value: int, total: int, kind: str = "info") -> SafeString:
    """A bar as wide as its cell, filled to `value` of `total`."""
    width = min(max(_percent(value, total) or Decimal(0), Decimal(0)), Decimal(100))
    text = gettext("%(value)s of %(total)s (%(share)s)") % {
        "value": figure(value),
        "total": figure(total),
        "share": share_of(value, total),
    }
    return format_html(
        '<svg class="share-bar share-bar--{}" role="img" aria-label="{}" '
        'viewBox="0 0 100 10" preserveAspectRatio="none">'
        '<rect class="share-bar__track" width="100" height="10"/>'
        '<rect class="share-bar__part" width="{}" height="10"/></svg>',
        kind,
        text,
        str(width),
    )


@register.filter
def widget_kind(field: BoundField) -> str:
    """Which part draws the field: radios, checkboxes, checkbox, file, textarea, select, or input for the rest."""
    return next((kind for known, kind in WIDGET_KINDS.items() if isinstance(field.field.widget, known)), "input")


@register.filter
def styled(field: BoundField) -> SafeString:
    """The field's widget with our classes."""
    name = WIDGET_CLASSES.get(widget_kind(field), "govuk-input")
    own = field.field.widget.attrs.get("class", "")
    error = f"{name}--error" if field.errors else ""
    return field.as_widget(attrs={"class": " ".join(filter(None, [name, own, error]))})


@register.filter
def first_id(field: BoundField) -> str:
    """The id an error's link leads to: the field, or the first of its choices."""
    return f"{field.auto_id}_0" if field.use_fieldset else field.id_for_label


@register.filter
def pages_around(page: Any) -> list[int | str]:
    """The page numbers worth a link: the first, the last, those beside the current one, and gaps between."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1))


def _percent(part: Given, whole: Given) -> Decimal | None:
    if part is None or part == "" or not whole:
        return None
    return (Decimal(part) * 100 / Decimal(whole)).quantize(Decimal("0.1"), ROUND_HALF_UP)


def _is_vietnamese() -> bool:
    return (get_language() or "vi").startswith("vi")


def _grouped(english: str) -> str:
    return english.translate(str.maketrans(",.", ".,")) if _is_vietnamese() else english
