"""The picture of the scores: how many of the infections outside of home a trace finds, and how precise its list is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ksdb.simulation.truth.outbreak import StarsimMissing
from ksdb.simulation.truth.rules import COUNTINGS
from ksdb.simulation.truth.scoring import SHARES, Score

COLOURS = ("#00518a", "#3b94c6", "#c2571a", "#8a8a8a")
MARKS = ("o", "s", "^", "D")
BELOW = (4, -18, -4, -4)
"""Points by which a label stands below its mark: the two rules of overlap lie side by side."""
INK, FAINT = "#222222", "#dddddd"


def draw(scores: Sequence[Score], path: Path) -> None:
    """An SVG whose bytes are the same for the same scores."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise StarsimMissing from error
    style = {"svg.hashsalt": "ksdb", "svg.fonttype": "none", "font.family": "sans-serif", "font.size": 10}
    with mpl.rc_context(style):
        figure = Figure(figsize=(10, 4.3), layout="constrained", facecolor="white")
        recall, precision = figure.subplots(1, 2)
        _draw_recall(recall, scores)
        _draw_precision(precision, scores)
        figure.savefig(path, metadata={"Date": None})


def _draw_recall(axes: Any, scores: Sequence[Score]) -> None:
    shares = [100 * share for share in SHARES]
    axes.plot(
        shares, [100 * (1 - share) ** 2 for share in SHARES], "--", color="#999999", label="both scanned, by chance"
    )
    for counting, colour, mark in zip(COUNTINGS, COLOURS, MARKS, strict=True):
        rows = of(scores, counting.name)
        axes.fill_between(
            shares, [100 * r.low for r in rows], [100 * r.high for r in rows], color=colour, alpha=0.12, linewidth=0
        )
        axes.plot(shares, [100 * r.recall for r in rows], marker=mark, color=colour, label=counting.name)
    axes.set(
        xlabel="people never scanned, %", ylabel="infections outside of home found, %", ylim=(0, 103), xticks=shares
    )
    axes.set_title("What is found falls with both who must be scanned", loc="left", fontsize=11)
    axes.legend(frameon=False)
    _quiet(axes)


def _draw_precision(axes: Any, scores: Sequence[Score]) -> None:
    for counting, colour, mark, below in zip(COUNTINGS, COLOURS, MARKS, BELOW, strict=True):
        row = of(scores, counting.name)[0]
        axes.plot(row.listed, 100 * row.precision, marker=mark, color=colour, markersize=9, linestyle="none")
        axes.annotate(
            f"{counting.name}\n{row.listed:,.0f} listed, {row.precision:.1%} near",
            (row.listed, 100 * row.precision),
            xytext=(9, below),
            textcoords="offset points",
            color=colour,
        )
    most = max(of(scores, counting.name)[0].listed for counting in COUNTINGS)
    top = max(100 * of(scores, counting.name)[0].precision for counting in COUNTINGS)
    axes.set(xlabel="people listed for one case (median)", ylabel="of them truly near for 15 minutes, %")
    axes.set(xlim=(0, 1.75 * most), ylim=(0, 1.35 * top))
    axes.set_title("Everybody scanned: the price of a cruder rule", loc="left", fontsize=11)
    _quiet(axes)


def _quiet(axes: Any) -> None:
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=INK)


def of(scores: Sequence[Score], name: str, generation: int = 1, *, kept: bool = False) -> list[Score]:
    """The scores of one rule, share by share."""
    return [
        one for one in scores if one.counting.name == name and one.generation == generation and (one.kept > 0) == kept
    ]
