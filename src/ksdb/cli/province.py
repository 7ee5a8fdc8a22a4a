"""`ksdb simulate province`: a whole province in the database, with a progress bar."""

from datetime import timedelta

from django.db import connection, transaction
from rich.progress import Progress

from ksdb.cli.database import console, prepare_database, stopping_the_server
from ksdb.config import settings
from ksdb.core.clock import today
from ksdb.core.scope import system_scope
from ksdb.core.seal import Sealer
from ksdb.coverage.actions import refresh
from ksdb.simulation.loading import Cursor, Loaded, ensure_days, load_day, load_people, load_points
from ksdb.simulation.movement import visits
from ksdb.simulation.points import Points, points_of
from ksdb.simulation.population import Population, province
from ksdb.simulation.routines import Routines, routines_of
from ksdb.simulation.sources import communes

PEOPLE_PER_POINT = 60


def run(people: int, visit_count: int, days: int, seed: int) -> None:
    """Makes the data and loads it; all of the people or none, then day by day."""
    with stopping_the_server():
        prepare_database()
        with console.status("Making people, households and places"):
            population = province(seed=seed, residents=people)
            points = points_of(communes(), seed=seed, count=max(6 * 141, people // PEOPLE_PER_POINT))
        with Progress(console=console) as progress:
            loaded = _load_registry(population, points, seed, progress)
            first_on = today() - timedelta(days=days)
            routines = routines_of(population, points, seed=seed, first_on=first_on)
            _load_visits(routines, loaded, days, visit_count / people / days, progress)
        _analyze()
        with console.status("Counting the cards"):
            refresh(system_scope())


def _load_registry(population: Population, points: Points, seed: int, progress: Progress) -> Loaded:
    tasks = {name: progress.add_task(name, total=len(population)) for name in ("residents", "cards")}
    sealer = Sealer(settings().seal_keys(), settings().secret("match_key"))

    def report(name: str, done: int, _total: int) -> None:
        progress.update(tasks[name], completed=done)

    with transaction.atomic(), _cursor() as cursor:
        loaded = load_people(cursor, population, sealer, seed, report)
        load_points(cursor, points)
    return loaded


def _load_visits(routines: Routines, loaded: Loaded, days: int, per_day: float, progress: Progress) -> None:
    task = progress.add_task("visits, by day", total=days)
    done = 0
    with _cursor() as cursor:
        ensure_days(cursor, routines.first_on, days)
        for day in visits(routines, days, visits_per_person_day=per_day):
            with transaction.atomic():
                done += load_day(cursor, day, loaded, done + 1)
            progress.advance(task)
    console.print(f"{done:,} scans over {days} days")


def _cursor() -> Cursor:
    """A cursor of the driver on Django's own connection: COPY takes part in its transactions."""
    connection.ensure_connection()
    cursor: Cursor = connection.connection.cursor()
    return cursor


def _analyze() -> None:
    with connection.cursor() as cursor, console.status("Gathering statistics for the planner"):
        cursor.execute("ANALYZE")
