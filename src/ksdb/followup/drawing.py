"""Chains as numbers for the drawing: rows and generations, days and ties. Computed here, drawn by static/chains.js."""

from collections.abc import Sequence
from itertools import count

from ksdb.followup.chains import Chain

MOST_DRAWN = 5_000
"""Cases drawn at once; the table has the rest."""
GAP = 1.5
"""Rows left free between two chains."""


def drawing_of(found: Sequence[Chain]) -> dict[str, object]:
    """The largest chains whose cases together are at most 5,000, one below the other.

    Of each case: number, generation, days since the first onset, row, index of its commune, whether of a drill, name;
    of each tie: the indexes of its two cases, and 1 if it was made by hand.
    """
    drawn = _fitting(found)
    if not drawn:
        return {"first": None, "nodes": [], "ties": [], "communes": [], "chains": []}
    first_on = min(chain.first_on for chain in drawn)
    communes = sorted({member.node.commune for chain in drawn for member in chain.members})
    commune_at = {name: index for index, name in enumerate(communes)}
    nodes, ties, chains, top = [], [], [], 0.0
    numbers, index = count(), {}
    for chain in drawn:
        lowest = min(member.row for member in chain.members)
        for member in chain.members:
            node = member.node
            index[node.id] = next(numbers)
            row, days = top + member.row - lowest, (node.on - first_on).days
            drill = int(node.is_drill)
            place = commune_at[node.commune]
            nodes.append((node.id, member.generation, days, round(row, 2), place, drill, node.name))
        chains.append((chain.id, round(top, 2), chain.size))
        top += max(member.row for member in chain.members) - lowest + 1 + GAP
        ties += [
            (index[tie.source], index[member.node.id], int(tie.basis == "by_hand"))
            for member in chain.members
            for tie in member.through
            if tie.source in index
        ]
    return {"first": first_on.isoformat(), "nodes": nodes, "ties": ties, "communes": communes, "chains": chains}


def _fitting(found: Sequence[Chain]) -> list[Chain]:
    """Chains in their order while they fit; one that does not is left to the table."""
    drawn, so_far = [], 0
    for chain in found:
        if so_far + chain.size <= MOST_DRAWN:
            drawn.append(chain)
            so_far += chain.size
    return drawn
