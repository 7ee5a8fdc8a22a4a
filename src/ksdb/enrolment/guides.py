"""The guides for whoever scans, as pages: Markdown in this package, in Vietnamese, drawn when somebody reads it."""

import re
from functools import cache
from importlib.resources import files
from typing import Final

from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

from ksdb.core.errors import NotFound

FOLDER: Final = "enrolment/guides/"
NAMES: Final = (
    "diem-quet-dang-ky",
    "quet-bang-dien-thoai",
    "quet-bang-may-tinh-bang",
    "quet-bang-may-tinh-dau-doc",
)
_PICTURE: Final = re.compile(r"\]\((pictures/[\w.-]+)\)")
_GUIDE: Final = re.compile(r"\]\(([\w-]+)\.md\)")
_CLASSES: Final = {
    "<table>": '<div class="scroll" tabindex="0"><table class="govuk-table">',
    "</table>": "</table></div>",
    "<p>": '<p class="govuk-body">',
    "<ul>": '<ul class="govuk-list govuk-list--bullet">',
    "<ol>": '<ol class="govuk-list govuk-list--number">',
    "<h2>": '<h2 class="govuk-heading-m">',
    "<a ": '<a class="govuk-link" ',
    "<th>": '<th class="govuk-table__header">',
    "<td>": '<td class="govuk-table__cell">',
    "<img ": '<img class="guide__picture" ',
}


@cache
def _text(name: str) -> str:
    """Raises NotFound."""
    if name not in NAMES:
        raise NotFound
    return (files("ksdb.enrolment") / "static" / FOLDER / f"{name}.md").read_text(encoding="utf-8")


def title_of(name: str) -> str:
    return _text(name).partition("\n")[0].removeprefix("# ")


def page_of(name: str) -> SafeString:
    """The guide without its title, as HTML. It is our own text: no HTML in it is let through all the same."""
    text = _text(name).partition("\n")[2]
    text = _PICTURE.sub(lambda found: f"]({static(FOLDER + found[1])})", text)
    text = _GUIDE.sub(lambda found: f"]({reverse('enrolment:guide', args=[found[1]])})", text)
    drawn: str = MarkdownIt("commonmark", {"html": False}).enable("table").render(text)
    for plain, classed in _CLASSES.items():
        drawn = drawn.replace(plain, classed)
    return SafeString(drawn)
