"""`ksdb simulate outbreak` and `ksdb score`: how well tracing finds what truly happened, as a page."""

from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ksdb.core.clock import today
from ksdb.simulation.truth.keeping import Asked, Outbreaks, OutbreaksStale, keep, kept, mark_of, world_of
from ksdb.simulation.truth.outbreak import outbreaks
from ksdb.simulation.truth.page import Material, page
from ksdb.simulation.truth.plot import draw
from ksdb.simulation.truth.scoring import cases_of, scores

console = Console()


def make_outbreaks(asked: Asked, to: Path) -> None:
    with console.status("Making the town, its days, and who was near whom"):
        world = world_of(asked)[0]
    with Progress(console=console) as progress:
        task = progress.add_task("outbreaks", total=asked.count)
        infections = outbreaks(world, asked.count, asked.seed, lambda done: progress.update(task, completed=done))
    keep(to, Outbreaks(asked, infections, mark_of(world)))
    console.print(f"{infections.size:,} infections in {asked.count} outbreaks, kept in {to}. Now run `ksdb score`.")


def write_scores(path: Path, measured: Path | None, to: Path) -> None:
    made = kept(path)
    with console.status("Making the town again"):
        world, usual, _ = world_of(made.asked)
    if mark_of(world) != made.town:
        raise OutbreaksStale
    cases = cases_of(made.infections, made.asked.days, made.asked.seed)
    with Progress(console=console) as progress:
        task = progress.add_task(f"tracing {len(cases)} cases")
        found = scores(
            world, cases, usual, made.asked.seed, lambda done, total: progress.update(task, completed=done, total=total)
        )
    picture = to.with_suffix(".svg")
    draw(found, picture)
    material = Material(made, len(world.days[0].stays), world.people, cases, found)
    to.write_text(page(material, measured, picture.name, today()), encoding="utf-8")
    console.print(f"written to {to} and {picture}")
