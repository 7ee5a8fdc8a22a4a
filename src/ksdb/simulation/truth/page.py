"""The page docs/tracing-quality.md: the scores as tables, how they came about, and what one should conclude."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from pathlib import Path

from ksdb.simulation.truth import checkins, contacts
from ksdb.simulation.truth import outbreak as model
from ksdb.simulation.truth.keeping import Outbreaks
from ksdb.simulation.truth.plot import of
from ksdb.simulation.truth.rules import COUNTINGS
from ksdb.simulation.truth.scoring import KEPT, LATER_DAYS, NEAR_MINUTES, SHARES, Case, Score

MAIN = COUNTINGS[0].name


@dataclass(frozen=True)
class Material:
    """What the page tells of: the outbreaks, stays on a day, people, the cases traced, and their scores."""

    made: Outbreaks
    stays_a_day: int
    people: int
    cases: Sequence[Case]
    scores: Sequence[Score]


def page(material: Material, measured: Path | None, picture: str, on: date) -> str:
    """The whole page; measured data that are absent are said to be."""
    faced = list(contacts.scored(measured / "contacts")) if measured else []
    seen = checkins.seen(measured / "visits") if measured else None
    parts = (
        _head(material, on),
        _short(material, faced),
        _town(material),
        _first(material.scores, picture),
        _beginning(material.scores),
        _second(material.scores),
        _faced(faced),
        _seen(seen),
        LIMITS,
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _head(material: Material, on: date) -> str:
    asked = material.made.asked
    try:
        starsim = version("starsim")
    except PackageNotFoundError:
        starsim = "not installed here"
    return f"""
# How well tracing finds what truly happened

Written by `ksdb score` on {on:%d %B %Y}; do not edit. Seed {asked.seed}, {asked.count} outbreaks over {asked.days} days,
{len(material.cases):,} cases traced, starsim {starsim}. To repeat: `pip install "ksdb[truth]"`, `ksdb simulate outbreak
--seed {asked.seed} --count {asked.count} --days {asked.days}`, `ksdb score`.
"""


def _short(material: Material, faced: Sequence[contacts.Found]) -> str:
    scores = material.scores
    main, half = of(scores, MAIN), of(scores, MAIN, kept=True)
    second, crude = of(scores, MAIN, 2), of(scores, COUNTINGS[-1].name)
    fifth = SHARES.index(0.2)
    lines = [
        (
            f"**The share of people who are scanned decides, not the rule.** With everybody scanned, {MAIN} lists"
            f" {main[0].recall:.0%} of those whom a case infected outside of home; with one person in five never scanned"
            f" {main[fifth].recall:.0%}, with three in five {main[-1].recall:.0%}. Both must be scanned, and so what is found"
            " falls about with the square. What is missed with everybody scanned was shorter than the rule asks, or lay after the end of a"
            " stay that was only supposed. Handing out the missing cards does more for tracing than any choice of rule."
        ),
        (
            f"**The list is long and mostly wrong, by its nature.** Of those listed {main[0].precision:.1%} truly were within"
            f" reach for {NEAR_MINUTES} minutes on some day (`same-day`: {crude[0].precision:.1%}). A scan at the door knows of the"
            " building, not of the table. Being listed is a reason to call, never a reason to lock somebody up."
        ),
        (
            f"**A team that calls the first {KEPT[1]} of a list and stops reaches {half[0].recall:.0%} of the infected.** The order by"
            " minutes together puts colleagues and classmates first, who are many; it does not know who sat beside whom."
            " What the case remembers must be asked, and put before the list."
        ),
        (
            f"**A second generation by co-presence alone is no list to work on.** It holds {second[0].listed:,.0f} people at the"
            f" median, of {material.people:,} in the town. Use its size to decide on measures for places, and trace again from each contact who"
            " becomes a case."
        ),
        ("**A trace never says that somebody was not exposed.** Not being listed means: not seen by the scanners."),
    ]
    if faced:
        lines.insert(2, _faced_short(faced))
    return "## What one should conclude\n\n" + "\n".join(f"{n}. {line}" for n, line in enumerate(lines, start=1))


def _faced_short(faced: Sequence[contacts.Found]) -> str:
    ward = next(
        (one for one in faced if one.rule == MAIN and one.door.place == "ward" and not one.door.with_exits), None
    )
    rooms = {
        one.door.place: one
        for one in faced
        if one.rule == MAIN and one.share == 0 and not one.door.with_exits and one.door.place != "ward"
    }
    said = "**Real contacts say the same as the model.**"
    if ward:
        said += (
            f" On a hospital ward {ward.precision:.1%} of the pairs listed had faced each other for {NEAR_MINUTES} minutes,"
            f" {ward.precision_any:.0%} at all."
        )
    if {"school", "class"} <= set(rooms):
        school, room = rooms["school"], rooms["class"]
        said += (
            f" In a school with one door {school.precision_any:.0%} at all, with a scan at each classroom {room.precision_any:.0%},"
            f" while {room.recall:.0%} of the long contacts are still found: **scan rooms, not buildings**, where many people"
            " stay for long."
        )
    return said


def _town(material: Material) -> str:
    infections = material.made.infections
    brought = int((infections["source"] < 0).sum())
    home = float(infections["is_at_home"][infections["source"] >= 0].mean()) if infections.size > brought else 0.0
    own = sum(case.infected.size for case in material.cases)
    return f"""
## The invented town

{material.people:,} people of thị xã Hương Trà with homes, work, schools and habits, {material.stays_a_day:,} stays on the first
day, and no real person among them. All of this is the truth, of which the scanners see the arrivals, and a departure in
five or six. Each place has spots (a table, a queue, a bench of a classroom) of 1 to 6 people on average, by kind; regulars
keep theirs. **Near** means at one spot at one time.

starsim (SEIR, by the day) infects {model.BROUGHT_IN} people on the first day, who were elsewhere. Whoever is near somebody infectious is infected
with a chance of {model.PER_HOUR:.0%} an hour, at home {model.AT_HOME_PER_DAY:.0%} a day; {model.EXPOSED_DAYS:.0f} days until infectious on average, then
{model.INFECTIOUS_DAYS:.0f} days. That gave {infections.size:,} infections, {home:.0%} of them at home. Those are left out
below, as no scanner sees them: the household list finds them. The {len(material.cases):,} cases, up to ten of each outbreak by
lot, infected {own:,} people outside of home. A case's infectious days are taken as known exactly, and nobody isolates: a
real epidemiologist knows less, and earlier."""


def _first(scores: Sequence[Score], picture: str) -> str:
    rules = "\n".join(f"- `{counting.name}`: {counting.meaning}" for counting in COUNTINGS)
    rows = (
        (
            f"`{one.counting.name}`",
            f"{one.share:.0%}",
            f"**{one.recall:.1%}**",
            f"{one.low:.0%}–{one.high:.0%}",
            f"{one.recall_scanned:.1%}",
            f"{one.near_recall:.1%}",
            f"{one.precision:.1%}",
            f"{one.listed:,.0f}",
        )
        for counting in COUNTINGS
        for one in of(scores, counting.name)
    )
    head = (
        "rule",
        "never scanned",
        "infected found",
        "95 %",
        "if the case is scanned",
        "near found",
        "precision",
        "listed",
    )
    return f"""
## First generation

{rules}

"Infected found" is recall of infections outside of home, over all cases, with the middle 95 of 100 draws of whole outbreaks;
a case who is never scanned finds nobody. "Near found" is recall, and "precision" precision, of pairs that were near for
{NEAR_MINUTES} minutes or more on one of the days. "Listed" is the median of the cases that are scanned.

![Recall by share never scanned, and precision by length of the list]({picture})

{_table(head, rows)}
"""


def _beginning(scores: Sequence[Score]) -> str:
    rows = (
        (
            f"`{counting.name}`",
            *(f"{one.recall:.1%}" for one in of(scores, counting.name, kept=True)),
            f"{of(scores, counting.name, kept=True)[0].precision:.1%}",
        )
        for counting in COUNTINGS
    )
    head = ("rule", *(f"infected found, {share:.0%} never scanned" for share in SHARES), "precision, all scanned")
    return f"""
## The first {KEPT[1]} of the list

Longest together first, which is the order of the page of a trace.

{_table(head, rows)}
"""


def _second(scores: Sequence[Score]) -> str:
    rows = (
        (
            f"`{whole.counting.name}`",
            f"{whole.share:.0%}",
            f"{whole.recall:.0%}",
            f"{whole.low:.0%}–{whole.high:.0%}",
            f"{whole.precision:.1%}",
            f"{whole.listed:,.0f}",
            f"{kept.recall:.0%}",
            f"{kept.precision:.1%}",
        )
        for counting in COUNTINGS
        for whole, kept in zip(of(scores, counting.name, 2), of(scores, counting.name, 2, kept=True), strict=True)
    )
    cases = of(scores, MAIN, 2)[0].cases
    head = (
        "rule",
        "never scanned",
        "infected found",
        "95 %",
        "precision",
        "listed",
        f"found in {KEPT[2]:,}",
        "precision",
    )
    return f"""
## Second generation

Whom a contact met after his first exposure, until {LATER_DAYS} days after the case was infectious, one case of each outbreak that has
one: {cases} cases. "Infected" are those whom the case's infectees infected, outside of home both times; "precision" is of
people near somebody who had been near the case, to the day. A trace keeps the {KEPT[2]:,} longest together (decision 071): the
last two columns. Second generations by `same-day` are everybody, and left out.

{_table(head, rows)}
"""


def _faced(faced: Sequence[contacts.Found]) -> str:
    if not faced:
        return "## Measured contacts\n\nThe files were not there when this page was written (`ksdb score --measured FOLDER`)."
    rows = []
    for _, group in groupby(faced, key=lambda one: (one.setting.file, one.door, one.rule)):
        theirs = list(group)
        one = theirs[0]
        rows.append((
            one.setting.name,
            one.door.place,
            "and leaving" if one.door.with_exits else "entry only",
            f"`{one.rule}`",
            f"{one.listed:,}",
            f"{one.precision:.1%}",
            f"{one.precision_any:.1%}",
            *(f"{each.recall:.0%}" for each in theirs),
        ))  # fmt: skip
    head = (
        *("setting", "door", "scanned", "rule", "pairs listed", f"faced {NEAR_MINUTES} min", "faced at all"),
        *(f"found, {share:.0%} never scanned" for share in SHARES),
    )
    return f"""
## Measured contacts

Badges that saw who faced whom within a metre and a half, every 20 seconds (SocioPatterns, CC BY-NC-SA; figures only, the
data are not part of ksdb). They know nothing of places: a person is taken to be there from his first contact of a spell to
the last, an hour without any ends it; then scans at the door are made of that, and stays of these by the rules of ksdb. A
pair counts once a day. "Found" is of pairs that faced each other for {NEAR_MINUTES} minutes or more in all on that day.

{_table(head, rows)}

Whoever has no contact is not in the data at all, so that true precision is lower still. Scanning people out shortens the
lists where many leave before the usual stay is over, and finds more where many stay longer.
"""


def _seen(seen: checkins.Seen | None) -> str:
    if seen is None:
        return "## Measured check-ins\n\nThe file was not there when this page was written (`ksdb score --measured FOLDER`)."
    rows = (
        (
            f"× {one.factor:g}",
            f"{one.stays:,}",
            f"{one.cut / one.stays:.0%}",
            f"{one.overlap_15:,}",
            f"{one.overlap_10:,}",
        )
        for one in seen.supposed
    )
    head = ("usual stay", "stays", "cut by the next check-in", "pairs, `overlap-15`", "pairs, `overlap-10`")
    return f"""
## Measured check-ins

{seen.check_ins:,} check-ins of {seen.people} people at {seen.venues:,} venues of New York in 2012 (Foursquare; Yang et al., IEEE TSMC 2014).
Nobody knows who of them truly met, so that nothing can be said here of recall or precision: so few people of a large city
show only how much hangs on the usual stays that are supposed where nobody checks out. Pairs count once a day.

{_table(head, rows)}

Without supposing stays: {seen.within_hour:,} pairs checked in less than an hour apart, {seen.same_day:,} on one day. **The number of
contacts follows the usual stay nearly in proportion**: set it for each point by what its keeper knows, and scan people
out where it varies much.
"""


LIMITS = """
## What this does not say

- Habits, spots and the chance of infection are ours. Another disease, or crowding unlike this, moves every figure; the
  order of the rules and the fall with the share of people scanned follow from what is counted, and should stay.
- Who is never scanned is drawn by lot. In truth those without a card are of one household, one age, one hamlet: they meet
  one another, and more is missed among them than here.
- Scans missed by people who do hold a card, wrong clocks and borrowed cards are not in it.
- The measured contacts are of one ward and one school, in France.
"""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(head, rows))


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
