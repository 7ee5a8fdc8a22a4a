"""`ksdb demo`: the main job once through, on real input, step by step; a step that is done is not done again."""

import asyncio
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from pathlib import Path
from time import monotonic
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ksdb.cards.actions import make_issuer_key
from ksdb.cards.actions.drawing import file_of_part, print_batch
from ksdb.cards.keys import write_root
from ksdb.cards.life import NoIssuerKey
from ksdb.cards.queries import current_issuer_key
from ksdb.cli.showing import show_coverage, show_trace
from ksdb.cli.signing import publish_with
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.scope import Scope, system_scope
from ksdb.core.token import Form, Usage
from ksdb.coverage.actions import refresh
from ksdb.followup.actions import follow
from ksdb.followup.quarantine import quarantine_of
from ksdb.registry.actions import run_import, start_import
from ksdb.simulation import town as towns
from ksdb.simulation.actions import enrol_devices, give_cards, make_staff, open_points
from ksdb.simulation.movement import VISIT, visits_of_day
from ksdb.simulation.queries import (
    busy_resident,
    database_mark,
    division_named,
    residents_of,
    somebody_with_papers,
)
from ksdb.simulation.routines import routines_of
from ksdb.simulation.senders import Outbox, Sent, send
from ksdb.tracing.actions import open_case, run_trace
from ksdb.tracing.period import CaseFacts

T = TypeVar("T")

DAYS = 14
PRINTED = "Phường Hương Vân"
PROFILE, RULES = "covid-19", "overlap-15"
SCANS_PER_PERSON_DAY = 0.27
"""About 240,000 scans in two weeks: most people scan every third or fourth day."""


@dataclass
class Demo:
    """The town, the folder that keeps what each step made, and where to send scans and words."""

    town: towns.Town
    folder: Path
    console: Console
    scope: Scope
    gateway_url: str
    days: int = DAYS

    def kept(self, name: str, make: Callable[[], T]) -> T:
        """The result of a step: from its file if it was made before, else made now and kept, for this user only."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            write_closed(path, json.dumps(make()))
        kept: T = json.loads(path.read_text())
        return kept


def write_closed(path: Path, text: str) -> None:
    """Writes the whole file or none of it, readable by this user only."""
    draft = path.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def load(console: Console) -> str:
    """The demo town in this database, made or completed if need be; returns how to sign in."""
    scope = system_scope()
    folder = settings().var_dir / "demo" / database_mark(scope)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    url = f"http://{settings().gateway_address}/v1/scans"
    if not (folder / "case.json").exists():
        started = monotonic()
        demo = Demo(towns.town(), folder, console, scope, url)
        show_trace(console, scope, play(demo))
        with console.status("Counting the cards"):
            refresh(scope)
        show_coverage(console, scope, towns.DISTRICT)
        console.print(f"The demo town took {monotonic() - started:.0f} s.")
    return (folder / "login.txt").read_text()


def play(demo: Demo) -> int:
    """All steps, from the ward's file to the trace of a case, whose number it returns; done ones are not done again."""
    demo.kept("staff", lambda: _make_staff(demo))
    demo.kept("import", lambda: _import(demo))
    demo.kept("resident", lambda: _tell_resident(demo))
    ids = residents_of(demo.scope, demo.town)
    tokens = demo.kept("cards", lambda: _give_cards(demo, ids))
    demo.kept("sheet", lambda: _print_sheet(demo))
    devices = demo.kept("devices", lambda: _enrol(demo))
    demo.kept("visits", lambda: _send_visits(demo, _tokens_by_row(tokens, ids), devices))
    return demo.kept("case", lambda: _open_case(demo))


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=console
    )


def _make_staff(demo: Demo) -> str:
    password = f"ksdb-{secrets.token_hex(6)}"
    make_staff(demo.scope, password)
    names = ", ".join(username for username, *_ in towns.STAFF)
    write_closed(demo.folder / "login.txt", f"  sign in  {names}  with the password  {password}\n")
    return names


def _import(demo: Demo) -> int:
    with demo.console.status("Writing the ward's list"):
        path = towns.ward_file(demo.town, demo.folder)
    division = division_named(demo.scope, towns.DISTRICT)
    with _bar(demo.console) as bar:
        task = bar.add_task(f"importing {path.name}", total=len(demo.town.people))
        source = start_import(demo.scope, division.pk, path.name, path)
        done = run_import(demo.scope, source.pk, lambda count, total: bar.update(task, completed=count, total=total))
    demo.console.print(
        f"{done.row_count} rows: {done.imported_count} imported, {done.known_count} known, "
        f"{done.rejected_count} rejected"
    )
    return int(done.pk)


def _tell_resident(demo: Demo) -> str:
    """Whose papers and phone to try the residents' pages with, beside the sign-in names."""
    said = "{}, born {}, identity card {}, phone {}".format(*somebody_with_papers(demo.scope))
    path = demo.folder / "login.txt"
    write_closed(path, f"  resident /my/ as {said}; codes on /outbox/\n{path.read_text()}")
    return said


def _publish_keys(scope: Scope) -> None:
    """The demo's root lies beside its other keys; a real one lies in a safe."""
    make_issuer_key(scope, usage=Usage.STATUS)
    root = settings().keys_dir / "demo-root.pem"
    if not root.exists():
        write_root(root, None)
    publish_with(scope, root, None)


def _give_cards(demo: Demo, ids: NDArray[np.int32]) -> dict[str, str]:
    """The token of each resident's card; the demo plays the residents' purses."""
    try:
        current_issuer_key(demo.scope)
    except NoIssuerKey:
        # The cards of the demo are scanned in the weeks before they were made.
        make_issuer_key(demo.scope, timedelta(days=settings().retention_days))
        _publish_keys(demo.scope)
    plan = towns.card_plan(demo.town, ids > 0)
    with _bar(demo.console) as bar:
        task = bar.add_task("issuing and activating cards", total=None)
        tokens = give_cards(demo.scope, plan, ids, lambda done, total: bar.update(task, completed=done, total=total))
    return {str(resident_id): token for resident_id, token in tokens.items()}


def _print_sheet(demo: Demo) -> str:
    commune = division_named(demo.scope, PRINTED)
    with demo.console.status("Printing a sheet of paper cards"):
        batch = print_batch(demo.scope, commune.pk, Form.PAPER, limit=8)
        path = file_of_part(demo.scope, batch.pk, 1)
    demo.console.print(f"a sheet of {batch.card_count} paper cards of {commune.name}: {path}")
    return str(path)


def _enrol(demo: Demo) -> list[list[str]]:
    with demo.console.status("Registering scan points and enrolling devices"):
        points = open_points(demo.scope, demo.town)
        return enrol_devices(demo.scope, points, demo.town)


def _tokens_by_row(tokens: dict[str, str], ids: NDArray[np.int32]) -> dict[int, str]:
    """The card token of each row of the population that has one."""
    return {row: tokens[str(i)] for row, i in enumerate(ids.tolist()) if str(i) in tokens}


def _send_visits(demo: Demo, tokens: dict[int, str], devices: list[list[str]]) -> dict[str, object]:
    """Two weeks of scans through the gateway, lost cards scanned last; what was sent and what was answered."""
    outbox = Outbox(devices, tokens, towns.SEED)
    days = _days(demo, set(tokens))
    total = sum(day.size for day in days)
    with _bar(demo.console) as bar:
        task = bar.add_task("sending scans through the gateway", total=total)
        lost = towns.card_plan(demo.town, np.ones(len(demo.town.people), bool)).revoked.tolist()
        uploads = chain(
            *(outbox.day(number, day) for number, day in enumerate(days)),
            outbox.rest(),
            outbox.at_last(lost, int(now().timestamp() * 1000)),
        )
        sent = asyncio.run(
            send(demo.gateway_url, uploads, lambda so_far: bar.update(task, completed=min(total, so_far.scans)))
        )
    return _said(demo.console, sent)


def _days(demo: Demo, holders: set[int]) -> list[NDArray[np.void]]:
    town = demo.town
    routines = routines_of(town.people, town.points, seed=towns.SEED, first_on=today() - timedelta(days=demo.days - 1))
    has_card = np.isin(np.arange(len(town.people)), list(holders))
    made = (visits_of_day(routines, day, visits_per_person_day=SCANS_PER_PERSON_DAY) for day in range(demo.days))
    latest = now().timestamp() * 1000
    return [np.asarray(day[has_card[day["resident"]] & (day["scanned_at"] < latest)], VISIT) for day in made]


def _said(console: Console, sent: Sent) -> dict[str, object]:
    results = ", ".join(f"{count:,} {code}" for code, count in Counter(sent.results).most_common() if count)
    console.print(
        f"{sent.scans:,} scans in {sent.uploads:,} uploads: "
        f"{sent.stored['new']:,} new, {sent.stored['before']:,} sent before"
    )
    console.print(f"  {results}")
    return {"scans": sent.scans, "uploads": sent.uploads, "results": dict(sent.results), "stored": dict(sent.stored)}


def _open_case(demo: Demo) -> int:
    """A case in the middle of the town's life: somebody who was out and about. Returns the trace's number."""
    onset = today() - timedelta(days=3)
    resident_id = busy_resident(demo.scope, onset - timedelta(days=2))
    case = open_case(demo.scope, resident_id, CaseFacts(PROFILE, onset, today() - timedelta(days=1)))
    trace_id = int(run_trace(demo.scope, case.pk, RULES).pk)
    follow(demo.scope, trace_id, quarantine_of(PROFILE).days)
    return trace_id
