"""Reads of chains of transmission: case numbers, days and communes, never names."""

from collections.abc import Sequence

from django.db import connection
from django.db.models import Q

from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.followup.chains import Chain, Member, Node, Tie, chains_of, directed
from ksdb.followup.models import Drill, TransmissionLink
from ksdb.followup.queries import ROOM
from ksdb.followup.states import Basis
from ksdb.places.queries import within
from ksdb.postgres.named import sql

READ = Permission.TRACING_CASE_READ
MOST_CASES = 20_000


def chains_in(scope: Scope) -> tuple[list[Chain], int]:
    """The chains among the latest 20,000 cases of the jurisdiction, largest first; how many cases are in none.

    Two queries, and memory for the cases alone.
    """
    nodes = _nodes(scope)
    chains = chains_of(nodes, directed(_exposures(list(nodes)), _said(list(nodes)), nodes))
    return chains, len(nodes) - sum(chain.size for chain in chains)


def _nodes(scope: Scope) -> dict[int, Node]:
    drills = set(Drill.objects.exclude(case_id=None).values_list("case_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "cases_of_chains"), {"outer": scope.outer(READ), "most": MOST_CASES})
        return {case_id: Node(case_id, on, commune, case_id in drills) for case_id, on, commune in cursor.fetchall()}


def _exposures(case_ids: Sequence[int]) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "exposures_between_cases"), {"cases": list(case_ids)})
        return list(cursor.fetchall())


def _said(case_ids: Sequence[int]) -> list[Tie]:
    standing = TransmissionLink.objects.filter(ended_at=None, source__in=case_ids, target__in=case_ids)
    return [Tie(*row[:2], Basis(row[2])) for row in standing.values_list("source", "target", "basis")]


def chain_of(scope: Scope, case_id: int) -> Chain:
    """The chain a case of the jurisdiction is in; by itself, if it is tied to none. Raises NotFound outside."""
    found, _ = chains_in(scope)
    for chain in found:
        if any(member.node.id == case_id for member in chain.members):
            return chain
    node = _nodes(scope).get(case_id)
    if node is None:
        raise NotFound
    return Chain((Member(node, 1, (), 0),))


def links_of(scope: Scope, case_id: int) -> list[TransmissionLink]:
    """The standing links that somebody made by hand, or that were followed, at a case of the jurisdiction."""
    inside = (within(scope, READ, f"{end}__resident__division") for end in ("source", "target"))
    here = Q(source=case_id) | Q(target=case_id)
    return list(TransmissionLink.objects.filter(here, *inside, ended_at=None).order_by("pk"))
