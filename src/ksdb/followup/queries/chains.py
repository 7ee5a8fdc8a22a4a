"""Reads of chains of transmission: case numbers, days and communes, never names."""

from collections.abc import Sequence

from django.db import connection

from ksdb.core.errors import NotFound
from ksdb.core.scope import Permission, Scope
from ksdb.followup.chains import Chain, Member, Node, Tie, chains_of, directed
from ksdb.followup.models import Drill
from ksdb.followup.queries import ROOM
from ksdb.followup.states import Basis
from ksdb.postgres.named import sql

READ = Permission.TRACING_CASE_READ
MOST_CASES = 20_000


def chains_in(scope: Scope) -> tuple[list[Chain], int]:
    """The chains among the latest 20,000 cases of the jurisdiction, and as many of unknown people, largest first.

    How many cases are in none comes with them. Five queries, and memory for the cases alone.
    """
    nodes = _nodes(scope)
    chains = chains_of(nodes, directed(_exposures(list(nodes)), _said(list(nodes)), nodes))
    return chains, len(nodes) - sum(chain.size for chain in chains)


def _nodes(scope: Scope) -> dict[int, Node]:
    drills = set(Drill.objects.exclude(case_id=None).values_list("case_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "cases_of_chains"), {"outer": scope.outer(READ), "most": MOST_CASES})
        found = {one: Node(one, on, commune, one in drills) for one, on, commune in cursor.fetchall()}
        cursor.execute(sql(ROOM, "reported_of_chains"), {"outer": scope.outer(READ), "most": MOST_CASES})
        return found | {one: Node(one, on, commune, label=label) for one, on, commune, label in cursor.fetchall()}


def _exposures(case_ids: Sequence[int]) -> list[tuple[int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "exposures_between_cases"), {"cases": list(case_ids)})
        return list(cursor.fetchall())


def _said(case_ids: Sequence[int]) -> list[Tie]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "links_between_cases"), {"cases": list(case_ids)})
        by_hand = cursor.fetchall()
        cursor.execute(sql(ROOM, "ties_by_label"))
        return [Tie(source, target, Basis.BY_HAND) for source, target in [*by_hand, *cursor.fetchall()]]


def chain_of(scope: Scope, case_id: int) -> Chain:
    """The chain a case of the jurisdiction is in; by itself, if it is tied to none. Raises NotFound outside.

    A case of an unknown person goes by the number of its report below zero.
    """
    found, _ = chains_in(scope)
    for chain in found:
        if any(member.node.id == case_id for member in chain.members):
            return chain
    node = _nodes(scope).get(case_id)
    if node is None:
        raise NotFound
    return Chain((Member(node, 1, (), 0),))
