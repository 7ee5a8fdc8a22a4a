"""Issuing cards, and drawing them: signing, symbol and page beside the page alone. `python -m bench.cards [count]`"""

import io
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable
from statistics import median

import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from rich.console import Console
from rich.table import Table

from ksdb.cards.artwork import Face
from ksdb.cards.sheets import LAYOUTS, Sheet, write_sheets
from ksdb.cards.symbols import Modules, symbols
from ksdb.core.token import Claims, Form, sign_token

DATABASE = "ksdb_bench_cards"
NAMES = ("Nguyễn Thị Lan", "Công Tằng Tôn Nữ Thị Diệu Hương", "Lê Văn Bình", "Trần Ngọc Quỳnh Như")
KEY = ec.generate_private_key(ec.SECP256R1())
SHEET = Sheet(LAYOUTS["a4-2x4"], "bench", "bench")


LIMITS = {"ratio_whole_to_page_alone": 1.5, "ratio_of_processor_time": 1.5}
"""1,000 cards signed, made into symbols and drawn take at most half more than drawing the same pages alone."""


def held(is_held: bool) -> str:
    """What stands beside a limit."""
    return "held" if is_held else "MISSED"


def token(index: int) -> str:
    return sign_token(Claims(index, Form.PAPER, 1_900_000_000), 1, KEY)


def face(index: int, signed: str) -> Face:
    return Face(signed, "000000079444", Form.PAPER, NAMES[index % len(NAMES)], 1956, "Phường Hương Vân")


def seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def draw(faces: list[tuple[Face, Modules | None]]) -> int:
    file = io.BytesIO()
    write_sheets(file, faces, SHEET)
    return file.tell()


def printing(count: int, rounds: int = 7) -> dict[str, float]:
    """`count` cards: all of it, the drawing alone on ready symbols, and the parts. Both in turns, and the medians, as
    others use the machine too; by the clock, and by the processor's time."""
    tokens = [token(i) for i in range(count)]
    ready = list(zip([face(i, t) for i, t in enumerate(tokens)], symbols(tokens), strict=True))
    draw(ready[:16])  # fonts are read once
    whole, alone = [], []
    for _ in range(rounds):
        whole.append(both(lambda: draw([(face(i, token(i)), None) for i in range(count)])))
        alone.append(both(lambda: draw(ready)))
    (wall, cpu), (wall_alone, cpu_alone) = (
        [median(turn) for turn in zip(*turns, strict=True)] for turns in (whole, alone)
    )
    return {
        "cards_drawn_per_second": count / wall,
        "cards_drawn_per_second_page_alone": count / wall_alone,
        "ratio_whole_to_page_alone": wall / wall_alone,
        "ratio_of_processor_time": cpu / cpu_alone,
        "tokens_signed_per_second": count / seconds(lambda: [token(i) for i in range(count)]),
        "symbols_per_second": count / seconds(lambda: symbols(tokens)),
        "bytes_a_card": draw(ready) / count,
    }


def both(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    start, started = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - start, time.process_time() - started


def issuing(count: int) -> dict[str, float]:
    """Cards issued a second, with their rows and ledger, in a transaction that is rolled back."""
    from django.db import transaction

    from ksdb.cards.actions import activate_cards, issue_approved, make_issuer_key
    from ksdb.core.scope import system_scope

    scope = system_scope()
    figures = {}
    with transaction.atomic():
        make_issuer_key(scope)
        residents = _residents(count)
        start = time.perf_counter()
        cards = issue_approved(scope, residents, Form.PAPER)
        figures["cards_issued_per_second"] = count / (time.perf_counter() - start)
        start = time.perf_counter()
        activate_cards(scope, [card.index for card in cards])
        figures["cards_activated_per_second"] = count / (time.perf_counter() - start)
        start = time.perf_counter()
        transaction.get_connection().check_constraints()
        figures["seconds_of_foreign_keys"] = time.perf_counter() - start
        transaction.set_rollback(True)
    return figures


def _residents(count: int) -> list[int]:
    from ksdb.core.clock import now
    from ksdb.places.models import Division
    from ksdb.registry.models import Resident

    division = Division.objects.filter(kind=Division.Kind.COMMUNE).first()
    at = now()
    made = Resident.objects.bulk_create(
        (
            Resident(division=division, full_name="-", search_key="-", sort_key="-", birth_year=1956, registered_at=at)
            for _ in range(count)
        ),
        batch_size=5000,
    )
    ids = [resident.pk for resident in made]
    secrets.SystemRandom().shuffle(ids)
    return ids


def prepare(var_dir: str) -> None:
    """An empty database with all tables and the divisions; keys of this run lie in `var_dir`."""
    from ksdb.config import make_secrets, settings
    from ksdb.postgres.server import database_url

    make_secrets(settings().var_dir)
    server = psycopg.conninfo.conninfo_to_dict(database_url(settings()))
    own, admin_address = (
        psycopg.conninfo.make_conninfo("", **{**server, "dbname": name}) for name in (DATABASE, "postgres")
    )
    with psycopg.connect(admin_address, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {DATABASE}")
        admin.execute(f"CREATE DATABASE {DATABASE}")
    os.environ |= {"KSDB_DATABASE_URL": own, "DJANGO_SETTINGS_MODULE": "ksdb.site.owner", "KSDB_VAR_DIR": var_dir}
    settings.cache_clear()
    make_secrets(settings().var_dir)
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from ksdb.core.scope import system_scope
    from ksdb.places.actions import load_reference

    load_reference(system_scope())


def run(count: int = 1000, issued: int = 20_000) -> dict[str, float]:
    """All figures of this file, on a database of its own."""
    with tempfile.TemporaryDirectory() as var_dir:
        prepare(var_dir)
        return printing(count) | issuing(issued)


def main() -> None:
    figures = run(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
    table = Table(title="Cards")
    table.add_column("measure")
    table.add_column("figure", justify="right")
    table.add_column("limit", justify="right")
    table.add_column("")
    for name, value in figures.items():
        limit = LIMITS.get(name)
        beside = (f"{limit}", held(value <= limit)) if limit else ("", "")
        table.add_row(name.replace("_", " "), f"{value:,.2f}" if value < 100 else f"{value:,.0f}", *beside)
    Console().print(table)


if __name__ == "__main__":
    main()
