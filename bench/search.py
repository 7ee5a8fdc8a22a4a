"""How long a search for people takes among 1.2 million, by kind of question: `python -m bench.search`.

Each kind is asked many times with other words, by an officer of the largest commune and by one of the province, as the
page: through all of Django, with the search, the entries of the audit trail for whoever is shown, and the template.
Beside it the query alone, and the scan of the whole table that it replaced.
"""

import argparse
import random
import statistics
import time
from typing import Any

from bench.limits import against
from bench.pages import officer, p95, sent
from bench.people import RESIDENTS, people_database

SEED = 5
LIMIT_MS = 100
OFFICERS = 4
COMMON = (
    "nguyen",
    "nguyen van",
    "thi",
    "le thi",
    "tran",
    "van",
    "ho",
    "phan",
    "nguyen thi",
    "hoang",
    "minh",
    "ng",
    "th",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=RESIDENTS)
    parser.add_argument("--questions", type=int, default=60)
    asked = parser.parse_args()
    people_database(asked.residents)
    from ksdb.registry.ends import fill_ends

    _quickly(fill_ends)
    rng = random.Random(SEED)
    people = _some_people(rng, asked.questions)
    name, commune, divisions = _commune()
    places = {"commune": commune, "province": _province()}
    print(f"{asked.residents:,} residents; the commune is {name}; {asked.questions} questions of each kind")
    print(f"{'whole page, milliseconds':38} {'commune P50':>12} {'P95':>6} {'province P50':>13} {'P95':>6}")
    worst = [0.0, 0.0]
    for at, (kind, searches) in enumerate(_kinds(people, rng).items()):
        times = [_page_times(officers(place, division, at), searches) for place, division in places.items()]
        print(f"{kind:38} {_figures(times[0]):>19} {_figures(times[1]):>20}")
        worst = [max(before, p95(now)) for before, now in zip(worst, times, strict=True)]
    alone = [_query_milliseconds(one[0], None) for one in people]
    print(
        f"{'full name, the query alone':38} {_figures([_query_milliseconds(one[0], divisions) for one in people]):>19}",
        end="",
    )
    print(f" {_figures(alone):>20}")
    scans = [_scan(person[0]) for person in people[:10]]
    print(f"{'the scan this replaced (name)':38} {'':19} {_figures(scans):>20}\n")
    for where, found in zip(("commune", "province"), worst, strict=True):
        against(f"worst kind of question, P95, {where}", f"{found:.0f} ms", f"{LIMIT_MS} ms", holds=found < LIMIT_MS)


def _quickly(fill: Any) -> None:
    """Ends of numbers that the database, made by an older state, may lack."""
    started = time.perf_counter()
    if count := fill():
        print(f"keys of ends for {count:,} residents in {time.perf_counter() - started:.0f} s")


def _some_people(rng: random.Random, count: int) -> list[tuple[Any, ...]]:
    """Name, year, sealed numbers, and the number of a card."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM resident")
        (last,) = cursor.fetchone()
        ids = [rng.randint(1, last) for _ in range(count)]
        cursor.execute(
            "SELECT full_name, birth_year, id_number_sealed, phone_sealed,"
            " (SELECT number FROM card WHERE resident_id = resident.id LIMIT 1) FROM resident WHERE id = ANY(%s)",
            [ids],
        )
        return list(cursor.fetchall())


def _province() -> int:
    from ksdb.places.models import Division

    return Division.objects.get(kind="province", valid_to=None).pk


def _commune() -> tuple[str, int, list[int]]:
    """The largest commune of today with the divisions inside it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT division.name, division.id, array_agg(DISTINCT inner_id) FROM division JOIN division_containment"
            " ON outer_id = division.id JOIN resident ON resident.division_id = inner_id"
            " WHERE kind = 'commune' AND valid_to IS NULL GROUP BY division.id ORDER BY count(*) DESC LIMIT 1"
        )
        return tuple(cursor.fetchone())  # type: ignore[return-value]


Search = dict[str, object]


def _kinds(people: list[tuple[Any, ...]], rng: random.Random) -> dict[str, list[Search]]:
    """What is typed into the page's fields."""
    from ksdb.core.names import fold

    def shuffled(name: str) -> str:
        words = fold(name).split()
        rng.shuffle(words)
        return " ".join(words)

    ends = [(_end("id_number", one[2]), _end("phone", one[3]), one) for one in people]
    given = [{"name": one[0].split()[-1]} for one in people]
    return {
        "full name": [{"name": one[0]} for one in people],
        "words without marks, in any order": [{"name": shuffled(one[0])} for one in people],
        "given name": given,
        "given name, pages 2 to 4": [{**one, "page": 2 + i % 3} for i, one in enumerate(given)],
        "beginnings of two words": [{"name": " ".join(w[:2] for w in one[0].split()[-2:])} for one in people],
        "words that many bear": [{"name": COMMON[i % len(COMMON)]} for i in range(len(people))],
        "given name and year": [{"name": one[0].split()[-1], "birth_year": one[1]} for one in people],
        "family name and year": [{"name": one[0].split()[0], "birth_year": one[1]} for one in people],
        "nobody": [{"name": f"{one[0]} xyz"} for one in people],
        "end of the phone alone": [{"phone_end": phone} for _, phone, one in ends if phone],
        "end of the ID number alone": [{"id_number_end": number} for number, _, one in ends if number],
        "end of the phone and year": [{"phone_end": phone, "birth_year": one[1]} for _, phone, one in ends if phone],
        "end of the ID number and given name": [
            {"name": one[0].split()[-1], "id_number_end": number} for number, _, one in ends if number
        ],
        "card number": [{"name": one[4]} for one in people if one[4]],
    }


def _end(field: str, sealed: Any) -> str:
    from ksdb.registry.sealing import opened

    return opened(field, bytes(sealed))[-4:] if sealed else ""


def officers(place: str, division: int, kind: int) -> list[Any]:
    """Some of the place for each kind: nobody may search more often a minute than a person can."""
    return [officer(f"{place}-{kind}-{number}", division) for number in range(OFFICERS)]


def _page_times(clients: list[Any], searches: list[Search]) -> list[float]:
    """Milliseconds of each, behind one that is not counted."""
    asked = [{"purpose": "card_service", **search} for search in (searches[:1] + searches)]
    return [
        sent(lambda: clients[at % OFFICERS].post("/residents/", search))  # noqa: B023 - called at once
        for at, search in enumerate(asked)
    ][1:]


def _query_milliseconds(name: str, divisions: list[int] | None) -> float:
    from ksdb.registry.searching import ResidentSearch, found

    started = time.perf_counter()
    found(ResidentSearch(name), divisions, 1)
    return (time.perf_counter() - started) * 1000


def _scan(name: str) -> float:
    from ksdb.core.names import search_key
    from ksdb.registry.models import Resident

    started = time.perf_counter()
    asked = Resident.objects.all()
    for word in search_key(name).split():
        asked = asked.filter(search_key__regex=rf"(^| ){word}")
    list(asked.order_by("sort_key", "id").values_list("id", flat=True)[:50])
    return (time.perf_counter() - started) * 1000


def _figures(times: list[float]) -> str:
    return f"{statistics.median(times):.1f} {p95(times):6.1f}"


if __name__ == "__main__":
    main()
