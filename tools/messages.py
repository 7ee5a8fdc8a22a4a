"""Keeps the translations in step with the code, without the GNU gettext programs.

`python tools/messages.py update` adds what is new, drops what is unused and compiles; `check` fails on anything untidy.
A message's place is a file without a line number, so that moving code does not touch the catalogue.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "ksdb"
LOCALE = SOURCE / "web" / "locale"
TEMPLATE_SUFFIXES = (".html", ".txt")

# Where in a call's arguments stand the context, the message and its plural.
SHAPES = {
    "gettext": ("msgid",),
    "ngettext": ("msgid", "plural"),
    "pgettext": ("context", "msgid"),
    "npgettext": ("context", "msgid", "plural"),
}
FUNCTIONS = {f"{name}{suffix}": shape for name, shape in SHAPES.items() for suffix in ("", "_lazy")}
FUNCTIONS["gettext_noop"] = FUNCTIONS["_"] = SHAPES["gettext"]
CALL_START = re.compile(rf"\b({'|'.join(sorted(FUNCTIONS, key=len, reverse=True))})\(")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|(?<![\w{])\{\w*\}")


@dataclass(frozen=True)
class Message:
    msgid: str
    plural: str = ""
    context: str | None = None

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.msgid


@dataclass
class Found:
    """The messages of a tree, each with the files it stands in."""

    places: dict[Message, set[str]] = field(default_factory=dict)

    def add(self, message: Message, place: str) -> None:
        self.places.setdefault(message, set()).add(place)

    def by_key(self) -> dict[tuple[str | None, str], tuple[Message, list[str]]]:
        """One message per key; where one use has a plural, the plural stays."""
        kept: dict[tuple[str | None, str], tuple[Message, list[str]]] = {}
        for message in sorted(self.places, key=lambda m: m.plural):
            earlier = kept.get(message.key, (message, []))[1]
            kept[message.key] = (message, sorted({*earlier, *self.places[message]}))
        return kept


def messages_in(source: Path, root: Path) -> Found:
    """Every message of the Python files and templates below `source`."""
    found = Found()
    modules = {path: ast.parse(path.read_text("utf-8")) for path in sorted(source.rglob("*.py"))}
    for path, tree in modules.items():
        for message in _in_python(tree):
            found.add(message, path.relative_to(root).as_posix())
    for path, message in _in_errors(modules):
        found.add(message, path.relative_to(root).as_posix())
    for path in sorted(p for p in source.rglob("*") if p.suffix in TEMPLATE_SUFFIXES and "templates" in p.parts):
        for message in _in_template(path.read_text("utf-8")):
            found.add(message, path.relative_to(root).as_posix())
    return found


def _in_python(tree: ast.AST) -> Iterator[Message]:
    names = _translation_names(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (function := _called(node.func, names)):
            yield from _message(node, FUNCTIONS[function])


def _translation_names(tree: ast.AST) -> dict[str, str]:
    """What the module calls the functions it imports from django.utils.translation; one it defines as `_` marks."""
    is_own = any(isinstance(node, ast.FunctionDef) and node.name == "_" for node in ast.walk(tree))
    return ({"_": "gettext_noop"} if is_own else {}) | {
        alias.asname or alias.name: alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.name in FUNCTIONS
    }


def _called(function: ast.expr, names: dict[str, str]) -> str | None:
    if isinstance(function, ast.Name):
        return names.get(function.id)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return function.attr if function.value.id == "translation" and function.attr in FUNCTIONS else None
    return None


def _message(call: ast.Call, shape: tuple[str, ...]) -> Iterator[Message]:
    texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    if len(texts) >= len(shape):  # a variable is a message marked elsewhere
        yield Message(**dict(zip(shape, texts, strict=False)))


def _in_errors(modules: dict[Path, ast.Module]) -> Iterator[tuple[Path, Message]]:
    """The docstring of a KsdbError is its message."""
    classes = [(p, n) for p, tree in modules.items() for n in ast.walk(tree) if isinstance(n, ast.ClassDef)]
    errors = {"KsdbError"}
    while more := {n.name for _, n in classes if n.name not in errors and _bases(n) & errors}:
        errors |= more
    for path, node in classes:
        if node.name in errors and (text := ast.get_docstring(node)):
            yield path, Message(" ".join(text.split()))


def _bases(node: ast.ClassDef) -> set[str]:
    return {b.id if isinstance(b, ast.Name) else b.attr for b in node.bases if isinstance(b, ast.Name | ast.Attribute)}


def _in_template(text: str) -> Iterator[Message]:
    python = templatize(text)
    for start in CALL_START.finditer(python):
        if call := _parsed_call(python, start.start()):
            yield from _message(call, FUNCTIONS[start[1]])


def _parsed_call(python: str, start: int) -> ast.Call | None:
    """The call that begins at `start`: templatize leaves calls between blanks, so the whole cannot be parsed."""
    end = python.find(")", start)
    while end != -1:
        try:
            node = ast.parse(python[start : end + 1], mode="eval").body
        except SyntaxError:
            end = python.find(")", end + 1)
        else:
            return node if isinstance(node, ast.Call) else None
    return None


def update(source: Path, locale: Path, root: Path) -> list[str]:
    """Brings each catalogue in step with the code; a line per change."""
    found = messages_in(source, root).by_key()
    return [line for po_path in catalogues(locale) for line in _update_one(po_path, found)]


def _update_one(po_path: Path, found: dict[tuple[str | None, str], tuple[Message, list[str]]]) -> list[str]:
    old = polib.pofile(str(po_path), wrapwidth=100)
    known = {(entry.msgctxt, entry.msgid): entry for entry in old if not entry.obsolete}
    new = polib.POFile(wrapwidth=100)
    new.metadata, new.header = old.metadata, old.header
    plurals = int((re.search(r"nplurals=(\d+)", old.metadata.get("Plural-Forms", "")) or ["", "1"])[1])
    for message, places in sorted(found.values(), key=lambda item: (item[1][0], item[0].msgid)):
        new.append(_entry(message, places, known.get(message.key), plurals))
    new.save(str(po_path))
    new.save_as_mofile(str(po_path.with_suffix(".mo")))
    return [f"{po_path.parent.parent.name}: + {key[1]}" for key in found.keys() - known.keys()] + [
        f"{po_path.parent.parent.name}: - {key[1]}" for key in known.keys() - found.keys()
    ]


def _entry(message: Message, places: list[str], old: polib.POEntry | None, plurals: int) -> polib.POEntry:
    entry = polib.POEntry(msgid=message.msgid, msgctxt=message.context, occurrences=[(p, "") for p in places])
    if old is not None:
        entry.flags, entry.tcomment = old.flags, old.tcomment
    if message.plural:
        entry.msgid_plural = message.plural
        kept = old.msgstr_plural if old is not None else {}
        entry.msgstr_plural = {i: kept.get(i, "") for i in range(plurals)}
    elif old is not None:
        entry.msgstr = old.msgstr
    return entry


def check(source: Path, locale: Path, root: Path) -> list[str]:
    """What is untidy, a line each: missing, fuzzy or unused strings, other placeholders, a stale .mo."""
    found = messages_in(source, root).by_key()
    return [line for po_path in catalogues(locale) for line in _check_one(po_path, found)]


def _check_one(po_path: Path, found: dict[tuple[str | None, str], tuple[Message, list[str]]]) -> list[str]:
    catalogue = polib.pofile(str(po_path), wrapwidth=100)
    known = {(entry.msgctxt, entry.msgid): entry for entry in catalogue if not entry.obsolete}
    lines = [f"missing: {key[1]!r} ({', '.join(found[key][1])})" for key in found if key not in known]
    lines += [f"unused: {key[1]!r}" for key in known if key not in found]
    for key in known.keys() & found.keys():
        lines += [f"{fault}: {key[1]!r} ({', '.join(found[key][1])})" for fault in _faults(known[key], found[key][0])]
    mo_path = po_path.with_suffix(".mo")
    if not mo_path.exists() or mo_path.read_bytes() != catalogue.to_binary():
        lines.append("out of date: the .mo; run `python tools/messages.py update`")
    return [f"{po_path.parent.parent.name}: {line}" for line in sorted(lines)]


def _faults(entry: polib.POEntry, message: Message) -> Iterator[str]:
    texts = list(entry.msgstr_plural.values()) if message.plural else [entry.msgstr]
    if entry.msgid_plural != message.plural:
        yield "another plural in the code"
    if entry.fuzzy:
        yield "fuzzy"
    if not texts or not all(texts):
        yield "not translated"
    elif any(_placeholders(text) != _placeholders(message.plural or message.msgid) for text in texts):
        yield "other placeholders"


def _placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text))


def catalogues(locale: Path) -> list[Path]:
    return sorted(locale.glob("*/LC_MESSAGES/django.po"))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["update", "check"])
    command = parser.parse_args(arguments).command
    lines = (update if command == "update" else check)(SOURCE, LOCALE, ROOT)
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 1 if command == "check" and lines else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
