"""Chains of transmission: cases that are tied together, how far each is from the first, and where each is drawn.

A chain is a component of all ties, whatever their direction: none is dropped because it closes a circle. A tie leads
from the case that fell ill first to the later one, and its direction is kept only where somebody said it by hand.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ksdb.followup.states import Basis


@dataclass(frozen=True)
class Node:
    """A case: its number, the day it fell ill (or was sampled), and the commune it lives in.

    One of an unknown person has the number of its report below zero, and the label it was reported with.
    """

    id: int
    on: date
    commune: str
    is_drill: bool = False
    label: str = ""

    @property
    def report_id(self) -> int | None:
        return -self.id if self.id < 0 else None

    @property
    def name(self) -> str:
        """By what people call it: the number of the case, or the label."""
        return self.label or str(self.id)


@dataclass(frozen=True)
class Tie:
    """One case may have infected the other."""

    source: int
    target: int
    basis: Basis


@dataclass(frozen=True)
class Member:
    """A case within its chain: in which generation, through which cases, and in which row it is drawn."""

    node: Node
    generation: int
    through: tuple[Tie, ...]
    row: float


@dataclass(frozen=True)
class Chain:
    """Cases tied together, in the order of generation and day; named by the lowest number, a known person's first."""

    members: tuple[Member, ...]

    @property
    def first(self) -> Node:
        return min((member.node for member in self.members), key=lambda node: (node.id < 0, abs(node.id)))

    @property
    def id(self) -> int:
        return self.first.id

    @property
    def names(self) -> dict[int, str]:
        return {member.node.id: member.node.name for member in self.members}

    @property
    def size(self) -> int:
        return len(self.members)

    @property
    def generations(self) -> int:
        return max(member.generation for member in self.members)

    @property
    def first_on(self) -> date:
        return min(member.node.on for member in self.members)

    @property
    def last_on(self) -> date:
        return max(member.node.on for member in self.members)

    @property
    def communes(self) -> list[str]:
        return sorted({member.node.commune for member in self.members})

    @property
    def is_drill(self) -> bool:
        return any(member.node.is_drill for member in self.members)


def directed(exposures: Iterable[tuple[int, int]], said: Iterable[Tie], nodes: Mapping[int, Node]) -> list[Tie]:
    """Each pair of cases once: as somebody said it, else from the one that fell ill first to the other."""
    ties = {frozenset((tie.source, tie.target)): tie for tie in said if {tie.source, tie.target} <= nodes.keys()}
    for first, second in exposures:
        if first in nodes and second in nodes:
            early, late = sorted((first, second), key=lambda one: (nodes[one].on, one))
            ties.setdefault(frozenset((early, late)), Tie(early, late, Basis.CONTACT))
    return list(ties.values())


def chains_of(nodes: Mapping[int, Node], ties: Sequence[Tie]) -> list[Chain]:
    """The chains of two cases or more, the largest first. In time proportional to the number of ties."""
    into: defaultdict[int, list[Tie]] = defaultdict(list)
    out: defaultdict[int, list[int]] = defaultdict(list)
    for tie in ties:
        into[tie.target].append(tie)
        out[tie.source].append(tie.target)
    found = [_chain(nodes, members, into, out) for members in _components(nodes, ties)]
    return sorted(found, key=lambda chain: (-chain.size, chain.id))


def _components(nodes: Mapping[int, Node], ties: Iterable[Tie]) -> list[list[int]]:
    """Union-find with halved paths."""
    parent = {one: one for one in nodes}

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for tie in ties:
        first, second = sorted((root(tie.source), root(tie.target)))
        parent[second] = first
    members: defaultdict[int, list[int]] = defaultdict(list)
    for one in nodes:
        members[root(one)].append(one)
    return [group for group in members.values() if len(group) > 1]


def _chain(
    nodes: Mapping[int, Node], ids: Sequence[int], into: Mapping[int, list[Tie]], out: Mapping[int, list[int]]
) -> Chain:
    ordered = sorted(ids, key=lambda one: (nodes[one].on, one))
    generation, parent = _generations(ordered, into, out)
    rows = _rows(ordered, parent)
    members = [Member(nodes[one], generation[one], tuple(into.get(one, ())), rows[one]) for one in ordered]
    return Chain(tuple(sorted(members, key=_order)))


def _generations(
    ordered: Sequence[int], into: Mapping[int, list[Tie]], out: Mapping[int, list[int]]
) -> tuple[dict[int, int], dict[int, int | None]]:
    """The fewest steps from a case that nobody is known to have infected, and one through whom.

    Where ties made by hand run in a circle, the earliest case of it stands for its beginning.
    """
    generation: dict[int, int] = {}
    parent: dict[int, int | None] = {}
    roots = [one for one in ordered if not into.get(one)] or list(ordered[:1])
    _spread(roots, generation, parent, out)
    for one in ordered:
        if one not in generation:
            _spread([one], generation, parent, out)
    return generation, parent


def _spread(
    roots: Sequence[int], generation: dict[int, int], parent: dict[int, int | None], out: Mapping[int, list[int]]
) -> None:
    for one in roots:
        generation[one], parent[one] = 1, None
    layer = list(roots)
    while layer:
        following = []
        for one in layer:
            for target in out.get(one, ()):
                if target not in generation:
                    generation[target], parent[target] = generation[one] + 1, one
                    following.append(target)
        layer = following


def _rows(ordered: Sequence[int], parent: Mapping[int, int | None]) -> dict[int, float]:
    """A row for each case: leaves one below the other, whoever infected them in their middle. No recursion."""
    children: defaultdict[int | None, list[int]] = defaultdict(list)
    for one in ordered:
        children[parent[one]].append(one)
    rows: dict[int, float] = {}
    following, stack = 0, [(one, False) for one in reversed(children[None])]
    while stack:
        one, is_done = stack.pop()
        below = children.get(one, [])
        if is_done:
            rows[one] = (rows[below[0]] + rows[below[-1]]) / 2
        elif below:
            stack.append((one, True))
            stack.extend((child, False) for child in reversed(below))
        else:
            rows[one] = following
            following += 1
    return rows


def around(chain: Chain, case_id: int, steps: int) -> Chain:
    """The part of a chain within so many ties of a case, in either direction."""
    near: defaultdict[int, set[int]] = defaultdict(set)
    for member in chain.members:
        for tie in member.through:
            near[tie.source].add(tie.target)
            near[tie.target].add(tie.source)
    kept = reached = {case_id}
    for _ in range(steps):
        reached = {other for one in reached for other in near[one]} - kept
        kept = kept | reached
    return _part(chain, kept)


def _part(chain: Chain, kept: Collection[int]) -> Chain:
    """These cases with their generations and ties in the whole, in rows of their own."""
    whole = {member.node.id: member for member in chain.members if member.node.id in kept}
    ties = [tie for member in whole.values() for tie in member.through if tie.source in kept]
    drawn = chains_of({one: member.node for one, member in whole.items()}, ties)
    members = [replace(whole[one.node.id], row=one.row) for part in drawn for one in part.members]
    return Chain(tuple(sorted(members or whole.values(), key=_order)))


def _order(member: Member) -> tuple[int, date, int]:
    return member.generation, member.node.on, member.node.id
