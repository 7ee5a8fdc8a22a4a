"""How many planted duplicates are found among a million invented people, and how many pairs are false, by kind.

    python -m bench.duplicates [--residents 1000000] [--planted 2000]

Each planted record repeats a person with one error, without number, phone and household, half of them in another
commune: name, birth, sex and commune are all there is. Beside it the rule of a peer: equal birth date, and trigram
similarity of the raw names of at least 0.65.
"""

import argparse
import random
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from itertools import combinations
from typing import Any

import numpy as np
import psutil

from bench.limits import against
from ksdb.core.names import search_key, stored_name
from ksdb.duplicates.finding import FoundPair, Result, find_pairs
from ksdb.duplicates.people import DAY_ZERO, NO_DAY, People, gathered
from ksdb.duplicates.scoring import Reason

SEED = 7
SAMPLE_DAYS = 1_500
KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
OLD, NEW = (
    ("òa", "óa", "ỏa", "õa", "ọa", "òe", "óe", "ỏe", "õe", "ọe", "ùy", "úy", "ủy", "ũy", "ụy"),
    ("oà", "oá", "oả", "oã", "oạ", "oè", "oé", "oẻ", "oẽ", "oẹ", "uỳ", "uý", "uỷ", "uỹ", "uỵ"),
)


@dataclass(frozen=True)
class Person:
    """What a list says of somebody."""

    name: str
    born: date | None
    year: int
    sex: int


Error = Callable[[Person, random.Random], Person | None]


def unaccented(one: Person, _: random.Random) -> Person | None:
    plain = one.name.replace("đ", "d").replace("Đ", "D")
    plain = "".join(c for c in unicodedata.normalize("NFD", plain) if not unicodedata.combining(c))
    return replace(one, name=plain) if plain != one.name else None


def typo(one: Person, rng: random.Random) -> Person | None:
    """A letter changed to its neighbour on the keyboard, left out, doubled, or swapped with the next."""
    at = rng.choice([i for i, c in enumerate(one.name) if c.isalpha()])
    before, letter, after = one.name[:at], one.name[at], one.name[at + 1 :]
    kind = rng.randrange(4)
    if kind == 0:
        made = before + _neighbour(letter, rng) + after
    elif kind == 1:
        made = before + after
    elif kind == 2:
        made = before + letter + letter.lower() + after
    else:
        made = before + after[:1] + letter + after[1:] if after[:1].isalpha() else before + after
    return replace(one, name=stored_name(made)) if stored_name(made).lower() != one.name.lower() else None


def _neighbour(letter: str, rng: random.Random) -> str:
    base = search_key(letter) or letter
    row = next((row for row in KEYBOARD if base in row), KEYBOARD[0])
    place = max(row.find(base), 0)
    return rng.choice(
        [row[place - 1] if place else row[1], row[min(place + 1, len(row) - 1)] if place < len(row) - 1 else row[-2]]
    )


def swapped(one: Person, _: random.Random) -> Person | None:
    if one.born is None or one.born.day > 12 or one.born.day == one.born.month:
        return None
    return replace(one, born=date(one.born.year, one.born.day, one.born.month))


def year_off(one: Person, rng: random.Random) -> Person | None:
    if one.born is None or (one.born.month, one.born.day) == (2, 29):
        return None
    born = one.born.replace(year=one.born.year + rng.choice((-1, 1)))
    return replace(one, born=born, year=born.year)


def missing_middle(one: Person, rng: random.Random) -> Person | None:
    words = one.name.split()
    if len(words) < 3:
        return None
    del words[rng.randrange(1, len(words) - 1)]
    return replace(one, name=" ".join(words))


def decomposed(one: Person, _: random.Random) -> Person | None:
    apart = unicodedata.normalize("NFD", one.name)
    return replace(one, name=apart) if apart != one.name else None


def moved_tone(one: Person, _: random.Random) -> Person | None:
    words = [_moved(word) for word in one.name.split()]
    return replace(one, name=" ".join(words)) if words != one.name.split() else None


def _moved(word: str) -> str:
    for old, new in zip(OLD, NEW, strict=True):
        if not word.lower().startswith("qu") and word.endswith((old, new)):
            return word[:-2] + (new if word.endswith(old) else old)
    return word


def wrong_sex(one: Person, _: random.Random) -> Person | None:
    return replace(one, sex=3 - one.sex)


ERRORS: dict[str, Error] = {
    "unaccented": unaccented,
    "typo": typo,
    "swapped day and month": swapped,
    "year ±1": year_off,
    "missing middle name": missing_middle,
    "decomposed (NFD)": decomposed,
    "tone placement": moved_tone,
    "wrong sex": wrong_sex,
}
LOOKS_LIKE = {
    Reason.NO_MARKS: "unaccented",
    Reason.TYPO: "typo",
    Reason.TWO_TYPOS: "typo",
    Reason.SIMILAR_NAME: "typo",
    Reason.SWAPPED_BIRTH: "swapped day and month",
    Reason.YEAR_OFF: "year ±1",
    Reason.MISSING_WORD: "missing middle name",
    Reason.TONE_PLACEMENT: "tone placement",
    Reason.OTHER_SEX: "wrong sex",
}


@dataclass(frozen=True)
class Planted:
    """The rows of everybody, which row repeats which, and by which error; persons as lists say them."""

    rows: list[tuple[Any, ...]]
    people: list[Person]
    truth: dict[tuple[int, int], str]
    owner: dict[int, int]

    def is_true(self, pair: FoundPair) -> bool:
        """One person may have been repeated twice: both repetitions are of that person."""
        return self.owner.get(pair.first, pair.first) == self.owner.get(pair.second, pair.second)


def planted(residents: int, each: int) -> Planted:
    from ksdb.simulation.population import province

    population = province(seed=20211101, residents=residents)
    people = list(_people(population))
    return plant(people, list(_rows(population, people)), each)


def plant(people: list[Person], rows: list[tuple[Any, ...]], each: int) -> Planted:
    """So many records of each kind of error more, behind those that are there."""
    residents, rng, truth = len(people), random.Random(SEED), {}
    communes = sorted({one[8] for one in rows})
    for kind, error in ERRORS.items():
        count = 0
        while count < each:
            at = rng.randrange(residents)
            made = error(people[at], rng)
            if made is None or people[at].born is None:
                continue
            commune = rows[at][8] if rng.random() < 0.5 else rng.choice(communes)
            truth[at, len(rows)] = kind
            rows.append(row(len(rows), made, (0, -1 - len(rows), commune), (0, 0, 0)))
            people.append(made)
            count += 1
    return Planted(rows, people, truth, {again: at for at, again in truth})


def _people(population: Any) -> Iterator[Person]:
    born = population.born.astype("datetime64[D]").tolist()
    columns = zip(population.full_names(), born, population.is_year_only.tolist(), population.sex.tolist(), strict=True)
    for name, on, is_year_only, sex in columns:
        yield Person(str(name), None if is_year_only else on, on.year, 1 if sex else 2)


def _rows(population: Any, people: list[Person]) -> Iterator[tuple[Any, ...]]:
    homes = population.households
    numbers, phones = population.id_number.tolist(), population.phone.tolist()
    for i, (person, home) in enumerate(zip(people, population.household.tolist(), strict=True)):
        commune = int(homes.commune[home])
        group = commune * 1000 + int(homes.group[home])
        number = int(numbers[i] or 0)
        yield row(i, person, (home + 1, group, commune), (len(numbers[i]), number, int(phones[i] or 0)))


def row(at: int, person: Person, home: tuple[int, int, int], numbers: tuple[int, int, int]) -> tuple[Any, ...]:
    name = stored_name(person.name)
    born = NO_DAY if person.born is None else (person.born - DAY_ZERO.astype(object)) // timedelta(days=1)
    digits, number, phone = numbers
    return (at + 1, search_key(name), name, born, person.year, person.sex, *home, digits, number, 0, phone, 0)


# The peer's rule


@lru_cache(1 << 20)
def trigrams(text: str) -> frozenset[str]:
    """As pg_trgm makes them: of each word in lower case, with two blanks before it and one behind."""
    words = "".join(c if c.isalnum() else " " for c in text.lower()).split()
    return frozenset(f"  {word} "[i : i + 3] for word in words for i in range(len(word) + 1))


def similarity(one: str, other: str) -> float:
    left, right = trigrams(one), trigrams(other)
    return len(left & right) / len(left | right) if left or right else 0.0


def peer_finds(one: Person, other: Person) -> bool:
    return one.born is not None and one.born == other.born and similarity(one.name, other.name) >= 0.65


def peer_false_pairs(people: list[Person], residents: int) -> float:
    """Among the people before anything was planted, from a sample of birthdays."""
    by_day: dict[date, list[Person]] = {}
    for person in people[:residents]:
        if person.born:
            by_day.setdefault(person.born, []).append(person)
    days = random.Random(SEED).sample(sorted(by_day), min(SAMPLE_DAYS, len(by_day)))
    count = sum(peer_finds(one, other) for day in days for one, other in combinations(by_day[day], 2))
    return count * len(by_day) / len(days)


def measured(people: People) -> tuple[Result, float, float]:
    started = time.perf_counter()
    result = find_pairs(people, np.ones(len(people), bool))
    return result, time.perf_counter() - started, psutil.Process().memory_info().rss / 2**20


def kind_of(pair: FoundPair) -> str:
    looks = [LOOKS_LIKE[reason] for reason in pair.scored.reasons if reason in LOOKS_LIKE]
    return looks[0] if looks else "nothing: same name and birth"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--residents", type=int, default=1_000_000)
    parser.add_argument("--planted", type=int, default=2_000)
    asked = parser.parse_args()
    made = planted(asked.residents, asked.planted)
    people = gathered([made.rows])
    before = psutil.Process().memory_info().rss / 2**20
    result, seconds, memory = measured(people)
    pairs = [(pair.first, pair.second) for pair in result.pairs]
    hits = Counter(made.truth[pair] for pair in pairs if pair in made.truth)
    false = Counter(kind_of(pair) for pair in result.pairs if not made.is_true(pair))
    peer = Counter(kind for (at, again), kind in made.truth.items() if peer_finds(made.people[at], made.people[again]))
    wrong = peer_false_pairs(made.people, asked.residents) * 1000 / asked.residents
    print(f"{len(people):,} records, {asked.planted:,} planted of each kind, one error each")
    print(f"{result.compared:,} pairs compared in {seconds:.0f} s, {result.skipped} blocks too large to look into")
    print(f"memory {memory:,.0f} MiB of the process, {memory - before:,.0f} of them for the search\n")
    print(f"{'kind of error':30} {'found':>7} {'peer':>7}   false pairs per 1,000 people that look so")
    for kind in [*ERRORS, "nothing: same name and birth"]:
        found = f"{hits[kind] / asked.planted:7.1%} {peer[kind] / asked.planted:7.1%}" if kind in ERRORS else f"{'':15}"
        print(f"{kind:30} {found}   {false[kind] * 1000 / asked.residents:.2f}")
    print()
    for kind in ERRORS:
        against(
            f"{kind}, found",
            f"{hits[kind] / asked.planted:.1%}",
            f"the peer's {peer[kind] / asked.planted:.1%}",
            holds=hits[kind] > peer[kind] or hits[kind] == asked.planted,
        )
    ours, theirs = (sum(one.values()) / len(made.truth) for one in (hits, peer))
    print(f"{'all':30} {ours:7.1%} {theirs:7.1%}   {sum(false.values()) * 1000 / asked.residents:.2f}")
    print(f"the peer's false pairs: {wrong:.2f} per 1,000")
    bare = gathered([[(*one[:9], 0, 0, 0, 0, 0) for one in made.rows[: asked.residents]]])
    count = len(measured(bare)[0].pairs)
    print(f"ours if nobody had a number or a phone: {count * 1000 / asked.residents:.2f} per 1,000")


if __name__ == "__main__":
    main()
