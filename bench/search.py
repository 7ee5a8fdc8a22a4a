"""How long a search for people takes among 1.2 million, by kind of question: `python -m bench.search`.

Each kind is asked many times with other words, through the query that the page asks, in a commune and in the province;
beside it the scan of the whole table that it replaced.
"""

import argparse
import random
import statistics
import time
from typing import Any

from bench.people import RESIDENTS, people_database

SEED = 5
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
    "n",
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
    commune = _commune()
    print(f"{asked.residents:,} residents; the commune is {commune[0]}; {asked.questions} questions of each kind")
    print(f"{'question':38} {'commune P50':>12} {'P95':>6} {'province P50':>13} {'P95':>6}   milliseconds")
    for kind, searches in _kinds(people, rng).items():
        inside = [_milliseconds(search, commune[1]) for search in searches]
        whole = [_milliseconds(search, None) for search in searches]
        print(f"{kind:38} {_figures(inside):>19} {_figures(whole):>20}")
    scans = [_scan(person[0]) for person in people[:10]]
    print(f"{'the scan this replaced (name, province)':38} {'':19} {_figures(scans):>20}")


def _quickly(fill: Any) -> None:
    """Ends of numbers that the database, made by an older state, may lack."""
    started = time.perf_counter()
    if count := fill():
        print(f"keys of ends for {count:,} residents in {time.perf_counter() - started:.0f} s")


def _some_people(rng: random.Random, count: int) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM resident")
        (last,) = cursor.fetchone()
        ids = [rng.randint(1, last) for _ in range(count)]
        cursor.execute(
            "SELECT full_name, birth_year, id_number_sealed, phone_sealed FROM resident WHERE id = ANY(%s)", [ids]
        )
        return list(cursor.fetchall())


def _commune() -> tuple[str, list[int]]:
    """The largest commune of today with the divisions inside it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT division.name, array_agg(DISTINCT inner_id) FROM division JOIN division_containment ON outer_id ="
            " division.id JOIN resident ON resident.division_id = inner_id WHERE kind = 'commune' AND valid_to IS NULL"
            " GROUP BY division.id ORDER BY count(*) DESC LIMIT 1"
        )
        name, divisions = cursor.fetchone()
        return name, divisions


def _kinds(people: list[tuple[Any, ...]], rng: random.Random) -> dict[str, list[Any]]:
    from ksdb.core.names import fold
    from ksdb.registry.searching import ResidentSearch

    def shuffled(name: str) -> str:
        words = fold(name).split()
        rng.shuffle(words)
        return " ".join(words)

    ends = [(_end("id_number", one[2]), _end("phone", one[3]), one) for one in people]
    return {
        "full name": [ResidentSearch(one[0]) for one in people],
        "words without marks, in any order": [ResidentSearch(shuffled(one[0])) for one in people],
        "given name": [ResidentSearch(one[0].split()[-1]) for one in people],
        "beginnings of two words": [ResidentSearch(" ".join(w[:2] for w in one[0].split()[-2:])) for one in people],
        "words that many bear": [ResidentSearch(COMMON[i % len(COMMON)]) for i in range(len(people))],
        "given name and year": [ResidentSearch(one[0].split()[-1], one[1]) for one in people],
        "family name and year": [ResidentSearch(one[0].split()[0], one[1]) for one in people],
        "nobody": [ResidentSearch(one[0] + " xyz") for one in people],
        "end of the phone and year": [ResidentSearch("", one[1], phone) for _, phone, one in ends if phone],
        "end of the ID number and given name": [
            ResidentSearch(one[0].split()[-1], None, "", number) for number, _, one in ends if number
        ],
    }


def _end(field: str, sealed: Any) -> str:
    from ksdb.registry.sealing import opened

    return opened(field, bytes(sealed))[-4:] if sealed else ""


def _milliseconds(search: Any, divisions: list[int] | None) -> float:
    from ksdb.registry.searching import found

    started = time.perf_counter()
    found(search, divisions, 1)
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
    p95 = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return f"{statistics.median(times):.1f} {p95:6.1f}"


if __name__ == "__main__":
    main()
