"""Puts a simulated province straight into the database by COPY: for benchmarks, and for pages at real size."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

import numpy as np
import psycopg
from numpy.typing import NDArray

from ksdb.core.clock import now
from ksdb.core.decision import CardStatus, ScanResult
from ksdb.core.ids import card_number
from ksdb.core.names import search_key, sort_key, stored_name
from ksdb.core.seal import Sealer
from ksdb.core.token import Form
from ksdb.postgres.copying import binary_dtype, copy_in, filled, to_binary
from ksdb.registry.sealing import END_DIGITS, end_key
from ksdb.simulation.addresses import address_text, group_text
from ksdb.simulation.families import RELATIONS
from ksdb.simulation.points import KINDS, Points
from ksdb.simulation.population import Population
from ksdb.simulation.sources import Commune

Cursor = psycopg.Cursor[tuple[object, ...]]
Progress = Callable[[str, int, int], None]
"""Called with what is being loaded, how much of it is done, and how much there is."""

CAPACITY = 2**22
CHUNK = 50_000
VISIT_CHUNK = 400_000
EPOCH_2000_US = 946_684_800_000_000
ERA = date(2021, 7, 1)

RESIDENT_COLUMNS = (
    "id", "household_id", "division_id", "full_name", "search_key", "sort_key", "sex", "birth_year", "born_on",
    "relation", "id_number_sealed", "id_number_key", "phone_sealed", "phone_key", "id_number_end",
    "phone_end", "registered_at",
)  # fmt: skip
CARD_COLUMNS = ("index", "number", "resident_id", "form", "status", "status_since", "reason", "issued_at",
                "activated_at", "expires_at")  # fmt: skip
POINT_COLUMNS = ("id", "name", "type_id", "division_id", "address", "latitude", "longitude", "opens_at", "closes_at",
                 "usual_stay_minutes", "is_sensitive", "registered_at")  # fmt: skip
VISIT_COLUMNS = (
    ("point_id", ">i4"), ("scanned_at", ">i8"), ("device_id", ">i4"), ("sequence", ">i8"), ("card_index", ">i4"),
    ("resident_id", ">i4"), ("result", ">i2"), ("is_exit", ">i1"), ("received_at", ">i8"),
)  # fmt: skip


class NotEmpty(Exception):
    """There are residents in this database already. Simulate a province in a database of its own."""


@dataclass(frozen=True)
class Loaded:
    """Where the rows of the arrays went: resident `i` is `first_resident + i`, his card `cards[i]` (0 for none)."""

    first_resident: int
    first_point: int
    cards: NDArray[np.int32]


def load_people(cursor: Cursor, population: Population, sealer: Sealer, seed: int, progress: Progress) -> Loaded:
    """Groups, households, residents and cards, in the caller's transaction."""
    cursor.execute("SELECT EXISTS (SELECT FROM resident)")
    if cursor.fetchone() == (True,):
        raise NotEmpty
    groups = _load_groups(cursor, population)
    _load_households(cursor, population, groups)
    _load_residents(cursor, population, groups, sealer, progress)
    cards = _load_cards(cursor, len(population), seed, progress)
    _move_sequences(cursor, {"household": len(population.households), "resident": len(population)})
    return Loaded(1, 1, cards)


def _load_groups(cursor: Cursor, population: Population) -> dict[tuple[int, int], int]:
    """The division of each (commune, group) of the population, made below its commune."""
    communes = _commune_ids(cursor, population.communes)
    homes = population.households
    pairs = sorted(set(zip(homes.commune.tolist(), homes.group.tolist(), strict=True)))
    found = {}
    for commune, group in pairs:
        cursor.execute(_INSERT_GROUP, _group_values(population.communes[commune], group, communes[commune]))
        (division_id,) = cursor.fetchone() or (0,)
        found[commune, group] = int(str(division_id))
    cursor.execute(_CONTAIN_GROUPS)
    return found


def _group_values(commune: Commune, group: int, commune_id: int) -> dict[str, object]:
    return {
        "code": f"{commune.code}-{group:03d}",
        "name": group_text(commune, group),
        "commune": commune_id,
        "position": group,
    }


_INSERT_GROUP = """
INSERT INTO division (code, name, kind, parent_id, valid_from, valid_to, position)
SELECT %(code)s, %(name)s, 'group', id, valid_from, valid_to, %(position)s FROM division WHERE id = %(commune)s
RETURNING id
"""

_CONTAIN_GROUPS = """
INSERT INTO division_containment (outer_id, inner_id)
SELECT id, id FROM division WHERE kind = 'group'
UNION ALL
SELECT outer_id, division.id FROM division JOIN division_containment ON inner_id = parent_id WHERE kind = 'group'
ON CONFLICT DO NOTHING
"""


def _commune_ids(cursor: Cursor, communes: tuple[Commune, ...]) -> list[int]:
    cursor.execute("SELECT code, id FROM division WHERE kind = 'commune' AND valid_from = %s", [ERA])
    by_code = {str(code): int(str(division_id)) for code, division_id in cursor.fetchall()}
    return [by_code[commune.code] for commune in communes]


def _load_households(cursor: Cursor, population: Population, groups: dict[tuple[int, int], int]) -> None:
    homes = population.households
    places = zip(homes.commune.tolist(), homes.group.tolist(), homes.number.tolist(), strict=True)
    rows = (
        (i + 1, groups[commune, group], str(number), address_text(population.communes[commune], homes, i), number)
        for i, (commune, group, number) in enumerate(places)
    )
    copy_in(cursor, "household", ("id", "division_id", "book_number", "address", "position"), rows)


def _load_residents(
    cursor: Cursor, population: Population, groups: dict[tuple[int, int], int], sealer: Sealer, progress: Progress
) -> None:
    total = len(population)
    for begin in range(0, total, CHUNK):
        part = slice(begin, min(begin + CHUNK, total))
        copy_in(cursor, "resident", RESIDENT_COLUMNS, _resident_rows(population, part, groups, sealer))
        progress("residents", part.stop, total)


def _resident_rows(
    population: Population, part: slice, groups: dict[tuple[int, int], int], sealer: Sealer
) -> Iterator[tuple[object, ...]]:
    homes, at = population.households, now()
    columns = zip(
        range(part.start + 1, part.stop + 1),
        population.household[part].tolist(),
        population.full_names(part),
        population.sex[part].tolist(),
        population.born[part].astype("datetime64[D]").tolist(),
        population.is_year_only[part].tolist(),
        population.relation[part].tolist(),
        population.id_number[part].astype("U12").tolist(),
        population.phone[part].astype("U10").tolist(),
        strict=True,
    )
    for number, home, name, sex, born, is_year_only, relation, id_number, phone in columns:
        division = groups[int(homes.commune[home]), int(homes.group[home])]
        stored = stored_name(str(name))
        yield (
            *(number, home + 1, division, stored, search_key(stored), sort_key(stored)),
            *("female" if sex else "male", born.year, None if is_year_only else born, RELATIONS[relation]),
            *_sealed(sealer, "id_number", id_number),
            *_sealed(sealer, "phone", phone),
            *(_end(sealer, "id_number", id_number), _end(sealer, "phone", phone)),
            at,
        )


def _sealed(sealer: Sealer, field: str, text: str) -> tuple[bytes | None, bytes | None]:
    return (sealer.seal(field, text), sealer.match_key(field, text)) if text else (None, None)


def _end(sealer: Sealer, field: str, text: str) -> int | None:
    return end_key(sealer, field, text[-END_DIGITS:]) if text else None


def _load_cards(cursor: Cursor, people: int, seed: int, progress: Progress) -> NDArray[np.int32]:
    """An active paper card for 97 in 100; the tokens of invented cards are signed only when somebody asks."""
    rng = np.random.Generator(np.random.PCG64(seed))
    index = rng.permutation(CAPACITY - 1)[:people].astype(np.int32) + 1
    numbers = rng.choice(10**10, people, replace=False) if people < 1000 else _distinct(rng, people)
    index[rng.random(people) >= 0.97] = 0
    at, until = now(), now() + timedelta(days=730)
    holders = zip(index.tolist(), numbers.tolist(), range(1, people + 1), strict=True)
    rows = (
        (i, card_number(n), r, int(Form.PAPER), int(CardStatus.ACTIVE), at, "", at, at, until)
        for i, n, r in holders
        if i
    )
    copy_in(cursor, "card", CARD_COLUMNS, rows)
    progress("cards", people, people)
    return index


def _distinct(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    drawn = np.unique(rng.integers(0, 10**10, count + count // 100))
    return rng.permutation(drawn)[:count]


def load_points(cursor: Cursor, points: Points) -> None:
    """The scan points and one device each, which no scanner holds the token of."""
    communes = _commune_ids(cursor, points.communes)
    copy_in(cursor, "scan_point", POINT_COLUMNS, _point_rows(points, communes))
    at = now()
    rows = ((i + 1, i + 1, "simulated", (i + 1).to_bytes(32, "big"), at) for i in range(len(points)))
    copy_in(cursor, "device", ("id", "point_id", "name", "token_sha256", "enrolled_at"), rows)
    _move_sequences(cursor, {"scan_point": len(points), "device": len(points)})


def _point_rows(points: Points, communes: list[int]) -> Iterator[tuple[object, ...]]:
    at = now()
    for i in range(len(points)):
        yield (
            *(i + 1, points.name[i], KINDS[points.kind[i]].code, communes[points.commune[i]], ""),
            *(
                float(points.lat[i]),
                float(points.lon[i]),
                clock_time(int(points.opens[i])),
                clock_time(int(points.closes[i])),
            ),
            *(int(points.stay[i]), bool(points.is_sensitive[i]), at),
        )


def clock_time(minutes: int) -> time:
    """Minutes of the day as a time; the end of the day is its last minute."""
    minutes = min(minutes, 1439)
    return time(minutes // 60, minutes % 60)


def load_day(cursor: Cursor, visits: NDArray[np.void], loaded: Loaded, first_sequence: int) -> int:
    """The visits of one day whose residents hold a card; returns how many went in. Sequences run on per load."""
    mine = visits[loaded.cards[visits["resident"]] > 0]
    dtype = binary_dtype(VISIT_COLUMNS)
    names = ", ".join(name for name, _ in VISIT_COLUMNS)
    statement = psycopg.sql.SQL("COPY visit ({}) FROM STDIN (FORMAT binary)").format(psycopg.sql.SQL(names))
    for begin in range(0, mine.size, VISIT_CHUNK):
        rows = _binary_rows(mine[begin : begin + VISIT_CHUNK], loaded, first_sequence + begin, dtype)
        with cursor.copy(statement) as copy:
            copy.write(to_binary(rows))
    return int(mine.size)


def _binary_rows(
    part: NDArray[np.void], loaded: Loaded, first_sequence: int, dtype: np.dtype[np.void]
) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    rows = filled(dtype, part.size)
    rows["point_id"] = rows["device_id"] = part["point"] + loaded.first_point
    rows["scanned_at"] = rows["received_at"] = part["scanned_at"] * 1000 - EPOCH_2000_US
    rows["sequence"] = first_sequence + np.arange(part.size)
    rows["card_index"] = loaded.cards[part["resident"]]
    rows["resident_id"] = part["resident"] + loaded.first_resident
    rows["result"] = ScanResult.ACCEPTED
    rows["is_exit"] = part["is_exit"]
    return rows


def _move_sequences(cursor: Cursor, highest: dict[str, int]) -> None:
    for table, value in highest.items():
        cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, value])


def ensure_days(cursor: Cursor, first_on: date, days: int) -> None:
    cursor.execute("SELECT ensure_partitions(%s, %s)", [first_on, first_on + timedelta(days=days)])
