"""The tool that keeps translations in step, on small trees."""

from collections.abc import Callable
from pathlib import Path

import polib
import pytest
from tools import messages

HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Plural-Forms: nplurals=1; plural=0;\\n"\n'
Tree = Callable[[dict[str, str]], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    def plant(files: dict[str, str]) -> Path:
        for name, text in {"locale/vi/LC_MESSAGES/django.po": HEADER, **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        return tmp_path

    return plant


def found(root: Path) -> set[tuple[str | None, str, str]]:
    return {(m.context, m.msgid, m.plural) for m in messages.messages_in(root, root).places}


def po_of(root: Path) -> polib.POFile:
    return polib.pofile(str(root / "locale/vi/LC_MESSAGES/django.po"))


def translate(root: Path, **words: str) -> None:
    po = po_of(root)
    for entry in po:
        entry.msgstr = words[entry.msgid]
    po.save()


def check(root: Path) -> list[str]:
    return messages.check(root, root / "locale", root)


def update(root: Path) -> None:
    messages.update(root, root / "locale", root)


def test_finds_calls_in_python(tree: Tree) -> None:
    code = (
        "from django.utils import translation\n"
        "from django.utils.translation import gettext_lazy as _, ngettext, pgettext\n"
        "_('Card' ' number'); ngettext('%(n)s card', '%(n)s cards', 2); pgettext('noun', 'Issue')\n"
        "translation.gettext('Visit'); _(variable); other('not ours')\n"
    )
    assert found(tree({"a.py": code})) == {
        (None, "Card number", ""),
        (None, "%(n)s card", "%(n)s cards"),
        ("noun", "Issue", ""),
        (None, "Visit", ""),
    }


def test_an_underscore_from_elsewhere_is_not_ours(tree: Tree) -> None:
    assert found(tree({"a.py": "from elsewhere import _\n_('no')\n"})) == set()


def test_finds_tags_in_templates(tree: Tree) -> None:
    page = (
        "{% load i18n %}<p title=\"{% translate 'Close (x)' %}\">It's "
        "{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}"
        "{% blocktranslate count n=n %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
        '{% translate "Issue" context "verb" %}{{ _("Filter")|upper }}'
    )
    assert found(tree({"templates/a.html": page})) == {
        (None, "Close (x)", ""),
        (None, "Hello %(name)s", ""),
        (None, "%(n)s row", "%(n)s rows"),
        ("verb", "Issue", ""),
        (None, "Filter", ""),
    }


def test_finds_the_docstrings_of_our_errors(tree: Tree) -> None:
    errors = 'class KsdbError(Exception):\n    """It\n    failed."""\nclass Late(KsdbError):\n    """Too late."""\n'
    room = 'class VeryLate(errors.Late):\n    """Far too late."""\nclass Other(Exception):\n    """Not shown."""\n'
    words = {msgid for _, msgid, _ in found(tree({"errors.py": errors, "room.py": room}))}
    assert words == {"It failed.", "Too late.", "Far too late."}


def test_update_keeps_translations_and_drops_what_is_unused(tree: Tree) -> None:
    root = tree({"a.py": "from django.utils.translation import gettext as _\n_('Card')\n_('Old')\n"})
    update(root)
    translate(root, Card="Thẻ", Old="Cũ")
    tree_again = {"a.py": "from django.utils.translation import gettext as _\n_('Card')\n_('New')\n"}
    (root / "a.py").write_text(tree_again["a.py"], "utf-8")
    update(root)
    assert {(e.msgid, e.msgstr, tuple(e.occurrences)) for e in po_of(root)} == {
        ("Card", "Thẻ", (("a.py", ""),)),
        ("New", "", (("a.py", ""),)),
    }


def test_check_passes_when_all_is_translated_and_compiled(tree: Tree) -> None:
    root = tree({"a.py": "from django.utils.translation import gettext as _\n_('Card')\n"})
    update(root)
    translate(root, Card="Thẻ")
    assert check(root) == ["vi: out of date: the .mo; run `python tools/messages.py update`"]
    update(root)
    assert check(root) == []


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ("", "missing"),
        ('msgid "%(n)s left"\nmsgstr ""\n', "not translated"),
        ('#, fuzzy\nmsgid "%(n)s left"\nmsgstr "còn %(n)s"\n', "fuzzy"),
        ('msgid "%(n)s left"\nmsgstr "còn %(m)s"\n', "other placeholders"),
        ('msgid "%(n)s left"\nmsgstr "còn"\n', "other placeholders"),
        ('msgid "%(n)s left"\nmsgstr "còn %(n)s"\n\nmsgid "Gone"\nmsgstr "Hết"\n', "unused"),
    ],
)
def test_check_names_the_fault(tree: Tree, entry: str, fault: str) -> None:
    root = tree(
        {
            "a.py": "from django.utils.translation import gettext as _\n_('%(n)s left')\n",
            "locale/vi/LC_MESSAGES/django.po": f"{HEADER}\n{entry}",
        }
    )
    po_of(root).save_as_mofile(str(root / "locale/vi/LC_MESSAGES/django.mo"))
    assert [line.split(": ")[1] for line in check(root)] == [fault]


def test_plurals_are_checked_too(tree: Tree) -> None:
    code = "from django.utils.translation import ngettext\nngettext('%(n)s card', '%(n)s cards', 3)\n"
    entry = 'msgid "%(n)s card"\nmsgid_plural "%(n)s cards"\nmsgstr[0] "thẻ"\n'
    root = tree({"a.py": code, "locale/vi/LC_MESSAGES/django.po": f"{HEADER}\n{entry}"})
    assert any("other placeholders" in line for line in check(root))
