"""Bandit over the source: it finds nothing but what is set aside below or beside the line, each with its reason."""

import json
import re
import subprocess
import sys

from tests.house.code import ROOT, modules

SET_ASIDE = {
    "B101": "asserts state what a type checker cannot see; none of them is a check of what somebody sent",
    "B311": "the simulation is seeded: the same seed makes the same province; keys and tokens use `secrets`",
    "B404": "importing subprocess is no fault; each call is looked at by ruff's S602 and by the tests below",
    "B603": "we start only our own programs, as lists, never through a shell",
}
"""The same codes as `[tool.bandit] skips` in pyproject.toml."""

KNOWN = {
    (
        "src/ksdb/registry/migrations/0008_y_at_the_beginning.py",
        "B608",
    ): "two tables of ours, named above",
    ("src/ksdb/enrolment/guides.py", "B703"): "a guide of our own, drawn with HTML in it switched off",
    ("src/ksdb/config.py", "B105"): "the sentence that says what the secret is for",
    ("src/ksdb/postgres/server.py", "B105"): "the name of a method of PostgreSQL",
    ("src/ksdb/site/settings.py", "B105"): "the name of a validator",
    ("src/ksdb/access/adapters.py", "B104"): "an address that nobody has, where none is known; nothing listens on it",
}


def test_bandit_finds_nothing_new() -> None:
    command = [sys.executable, "-m", "bandit", "-q", "-r", "src", "-c", "pyproject.toml", "-f", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    found = {(one["filename"], one["test_id"]): one["line_number"] for one in json.loads(done.stdout)["results"]}
    assert {place: line for place, line in found.items() if place not in KNOWN} == {}


def test_what_is_set_aside_has_a_reason_and_is_what_the_configuration_says() -> None:
    configuration = (ROOT / "pyproject.toml").read_text("utf-8")
    skips = re.search(r"\[tool\.bandit\][^\[]*skips = \[([^\]]*)\]", configuration)
    assert skips
    assert set(re.findall(r"B\d+", skips[1])) == set(SET_ASIDE)


def test_nothing_is_silenced_without_saying_what() -> None:
    """`# nosec` and `# noqa: S…` name the rule; a bare one would silence all."""
    bare = [m.name for m in modules() if re.search(r"#\s*nosec(?!\s+B\d)|#\s*noqa(?!:)", m.text)]
    assert bare == []


def test_no_shell_no_pickle_no_eval() -> None:
    words = re.compile(r"\b(?:shell=True|pickle\.loads?|yaml\.load\(|eval\(|exec\(|os\.system|mark_safe|\|safe\b)")
    assert [m.name for m in modules() if words.search(m.text)] == []
