"""Whom one looks for, and the SQL that finds them: by the beginnings of words, a year, the ends of numbers."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection, transaction

from ksdb.core.errors import KsdbError
from ksdb.core.ids import digits_of
from ksdb.core.names import search_key
from ksdb.core.scope import Purpose, Scope
from ksdb.postgres.named import sql
from ksdb.registry.sealing import ID_NUMBER, PHONE, end_key, sealer

ROOM = "ksdb.registry"
PAGE_ROWS = 50
MOST_FOUND = 200
"""Where more are found, one page does not tell how many: a word or a year more does."""
WALK = 20_000
ENOUGH = 5_000
"""As many of a province are met often enough on the way."""
MOST_WORDS = 60
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")

CARD_FINDERS: list[Callable[[Scope, str, Purpose], int]] = []
"""How a resident is found by a card's number. The room of cards, which stands above this one, puts it here."""


class EndNeedsMore(KsdbError):
    """The end of a number alone fits many people here. Enter a part of the name or the year of birth with it."""

    code = "end_needs_more"
    status = 422


class ResidentSearch(msgspec.Struct, frozen=True):
    """Whom one looks for: words that the name's words begin with, in any order, with or without marks; and numbers."""

    words: str = ""
    birth_year: int | None = None
    phone_end: str = ""
    id_number_end: str = ""
    card_number: str = ""

    @property
    def has_end_only(self) -> bool:
        return bool(self.phone_end or self.id_number_end) and not (self.words or self.birth_year)


class Found(msgspec.Struct, frozen=True):
    """Ids of one page in Vietnamese order; `is_more`: there are more than `total`."""

    ids: Sequence[int]
    total: int
    is_more: bool = False


def read_search(typed: ResidentSearch) -> ResidentSearch:
    """What was typed as a name is taken apart: twelve digits are a card's number, a year is the year of birth."""
    digits = digits_of(typed.words)
    if len(digits) == 12 and digits.isascii() and digits.isdigit():
        return msgspec.structs.replace(typed, words="", card_number=digits)
    years = _YEAR.findall(typed.words)
    if len(years) != 1 or typed.birth_year:
        return typed
    return msgspec.structs.replace(typed, words=_YEAR.sub(" ", typed.words).strip(), birth_year=int(years[0]))


def found(search: ResidentSearch, divisions: Sequence[int] | None, page: int) -> Found:
    """The page of residents of these divisions (None: of all). Where many match, the beginning of the list is walked.

    Where 20,000 rows of the list do not fill the page, all that match are gathered and sorted.
    """
    words = search_key(search.words).split()
    known = _known(words)
    if not all(known.values()):
        return Found([], 0)
    given: dict[str, Any] = {
        "begun": [f"% {_literal(word)}%" for word in words],
        "words": _tsquery(dict(list(known.items())[:1]), search.birth_year),
        "more_words": _tsquery(dict(list(known.items())[1:]), None),
        "birth_year": search.birth_year,
        "phone_end": _end(PHONE, search.phone_end),
        "id_number_end": _end(ID_NUMBER, search.id_number_end),
        "divisions": None if divisions is None else list(divisions),
    }
    skip = (page - 1) * PAGE_ROWS
    if _is_broad(search, words) and _expected(given) > ENOUGH and (walked := _walked(given, skip)):
        return walked
    rows = _rows("residents_matching", {**given, "rows": PAGE_ROWS, "skip": skip})
    total = int(rows[0][1]) if rows else 0
    return Found([row[0] for row in rows], min(total, MOST_FOUND), is_more=total > MOST_FOUND)


def namesakes(name: str, birth_year: int) -> list[int]:
    """The records that count of all who have this folded name and year, wherever they live. Read through the words."""
    key = search_key(name)
    words = " & ".join([*map(_quoted, key.split()), f"'{birth_year}'"])
    rows = _rows("residents_of_name", {"words": words, "name": key, "birth_year": birth_year})
    return [one for (one,) in rows]


def _walked(given: dict[str, Any], skip: int) -> Found | None:
    """The page as the beginning of the whole list gives it, when that fills it and there are more than are told."""
    asked = {**given, "walk": WALK, "most": MOST_FOUND + 1}
    rows = _rows("residents_in_order", asked)
    if len(rows) < min(skip, MOST_FOUND) + PAGE_ROWS or skip >= MOST_FOUND:
        return None
    if len(rows) <= MOST_FOUND and _rows("residents_enough", asked)[0][0] <= MOST_FOUND:
        return None
    return Found([one for (one,) in rows[skip : skip + PAGE_ROWS]], MOST_FOUND, is_more=True)


def _is_broad(search: ResidentSearch, words: Sequence[str]) -> bool:
    """Whether many may match: a word or two and nothing else."""
    return 0 < len(words) <= 2 and not (search.birth_year or search.phone_end or search.id_number_end)


def _expected(given: dict[str, Any]) -> float:
    """How many may match: walking in vain costs as much as gathering what few match."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "residents_expected"), given)
        ((plan,),) = cursor.fetchall()
    return float(json.loads(plan)[0]["Plan"]["Plan Rows"] if isinstance(plan, str) else plan[0]["Plan"]["Plan Rows"])


@transaction.atomic
def _rows(query: str, given: dict[str, Any]) -> list[tuple[int, ...]]:
    """Without sequential scans: estimates of how words go together are far off, and a whole scan takes seconds."""
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "scan_no_table"))
        cursor.execute(sql(ROOM, query), given)
        rows: list[tuple[int, ...]] = cursor.fetchall()
        cursor.execute(sql(ROOM, "scan_tables_again"))
        return rows


def _known(beginnings: Sequence[str]) -> dict[str, list[str]]:
    """The words that begin so, of each."""
    if not beginnings:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "words_beginning"), {"beginnings": list(beginnings), "most": MOST_WORDS + 1})
        return dict(cursor.fetchall())


def _tsquery(known: Mapping[str, Sequence[str]], birth_year: int | None) -> str | None:
    """Whole words, which the index intersects quickly; for what begins too many, whatever begins so."""
    asked = [
        "(" + " | ".join(map(_quoted, words)) + ")" if len(words) <= MOST_WORDS else f"{_quoted(beginning)}:*"
        for beginning, words in known.items()
    ]
    return " & ".join([*asked, *([f"'{birth_year}'"] if birth_year else [])]) or None


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def _literal(word: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", word)


def _end(field: str, digits: str) -> int | None:
    return end_key(sealer(), field, digits) if digits else None
