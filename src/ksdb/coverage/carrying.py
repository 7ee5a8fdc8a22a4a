"""Carries figures from the units of one structure to those of another: how much of a unit's people lives in which.

Weights are the census's: every unit is a union of atoms (places.eras), and each atom has its people of 1 April 2019.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache

from ksdb.places import eras


@dataclass(frozen=True)
class Unit:
    """A province, district or commune of one structure."""

    id: int
    code: str
    valid_from: date
    kind: str
    parent_id: int | None


@cache
def people_of_atoms() -> Mapping[str, float]:
    """People of each atom at the census: a commune of 2019, or the share of it that went one way."""
    counts = {unit.code: float(unit.figures[0].people) for unit in eras.eras()[0].communes}
    split = [link for link in eras.links() if link.share < 1]
    pieces = {f"{link.old[0]}>{link.new[0]}": counts[link.old[0]] * link.share for link in split}
    return {code: n for code, n in counts.items() if code not in {link.old[0] for link in split}} | pieces


@cache
def split_communes() -> frozenset[str]:
    """Codes of the communes of 2019 that went into several."""
    return frozenset(link.old[0] for link in eras.links() if link.share < 1)


class Ground:
    """The units of every structure, with the atoms of each, and which units each atom is part of."""

    def __init__(self, units: tuple[Unit, ...]) -> None:
        self.extents = _extents(units)
        self._by_atom: dict[str, set[int]] = {}
        for unit_id, atoms in self.extents.items():
            for atom in atoms:
                self._by_atom.setdefault(atom, set()).add(unit_id)
        self._shares: dict[frozenset[str], dict[int, float]] = {}

    def shares(self, of: frozenset[str]) -> Mapping[int, float]:
        """How much of each unit's people lives in `of`, above 0 to 1, for all units that have any there."""
        if of not in self._shares:
            near = {unit_id for atom in of for unit_id in self._by_atom.get(atom, ())}
            self._shares[of] = {unit_id: _share(self.extents[unit_id], of) for unit_id in sorted(near)}
        return self._shares[of]


@lru_cache(4)
def ground_of(units: tuple[Unit, ...]) -> Ground:
    """Made once for the same units: five hundred of them take longer to compare than to use."""
    return Ground(units)


def _extents(units: tuple[Unit, ...]) -> Mapping[int, frozenset[str]]:
    """The atoms of each unit."""
    known = eras.atoms()
    found = {unit.id: set(known.get((unit.code, unit.valid_from), ())) for unit in units}
    parents = {unit.id: unit.parent_id for unit in units}
    for unit in units:
        if unit.kind == "commune":
            outer = unit.parent_id
            while outer in found:
                found[outer] |= found[unit.id]
                outer = parents[outer]
    return {unit_id: frozenset(atoms) for unit_id, atoms in found.items()}


def people(atoms: frozenset[str]) -> float:
    """How many lived there at the census."""
    counts = people_of_atoms()
    return sum(counts[atom] for atom in atoms)


def _share(atoms: frozenset[str], of: frozenset[str]) -> float:
    return 1.0 if atoms <= of else people(atoms & of) / people(atoms)


def is_cut(atoms: frozenset[str]) -> bool:
    """Whether it holds a part of a commune of 2019, but not all of it."""
    return bool(cut_by(atoms))


def cut_by(atoms: frozenset[str]) -> frozenset[str]:
    """Codes of the communes of 2019 of which it holds a part, but not all."""
    return frozenset(code for code, pieces in _pieces().items() if 0 < len(pieces & atoms) < len(pieces))


@cache
def _pieces() -> Mapping[str, frozenset[str]]:
    """The atoms of each commune that was split."""
    return {code: frozenset(a for a in people_of_atoms() if a.startswith(f"{code}>")) for code in split_communes()}


@dataclass(frozen=True)
class Split:
    """A commune of 2019 whose people went into several, with the share of each."""

    name: str
    year: int
    parts: tuple[tuple[str, float], ...]


@cache
def split_of(code: str) -> Split:
    before, after = eras.eras()[:2]
    names = {unit.code: unit.name for unit in after.communes}
    went = [link for link in eras.links() if link.old == (code, before.valid_from)]
    name = next(unit.name for unit in before.communes if unit.code == code)
    parts = sorted(((names[link.new[0]], link.share) for link in went), key=lambda part: -part[1])
    return Split(name, after.valid_from.year, tuple(parts))
