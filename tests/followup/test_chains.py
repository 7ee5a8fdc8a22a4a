"""Chains are components of all ties; generations, rows and the drawing follow from them."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import commune, resident_of, scope_for, staff
from tests.followup.conftest import of

from ksdb.access.models import StaffAccount
from ksdb.core.clock import today
from ksdb.core.scope import Role, system_scope
from ksdb.followup.actions.calls import became_case
from ksdb.followup.chains import Node, Tie, around, chains_of, directed
from ksdb.followup.drawing import MOST_DRAWN, drawing_of
from ksdb.followup.queries.chains import chain_of, chains_in
from ksdb.followup.states import Basis
from ksdb.registry.models import Resident
from ksdb.tracing.actions import CaseFacts, open_case
from ksdb.tracing.actions.correcting import link_cases, unlink_cases
from ksdb.tracing.models import CaseLink, Trace

SYSTEM = system_scope()
DAY = date(2026, 11, 1)


def cases(count: int) -> dict[int, Node]:
    return {one: Node(one, DAY + timedelta(days=one), "Hương Vân") for one in range(1, count + 1)}


def test_a_circle_is_one_chain_and_loses_no_tie() -> None:
    nodes = cases(4)
    ties = directed([(1, 2), (2, 3), (3, 1)], [], nodes)
    (chain,) = chains_of(nodes, ties)
    assert (chain.size, chain.generations, len(ties)) == (3, 2, 3)
    assert [member.generation for member in chain.members] == [1, 2, 2]
    assert sum(len(member.through) for member in chain.members) == 3


def test_what_was_said_by_hand_keeps_its_direction() -> None:
    nodes = cases(2)
    (tie,) = directed([(1, 2)], [Tie(2, 1, Basis.BY_HAND)], nodes)
    (chain,) = chains_of(nodes, [tie])
    assert [member.node.id for member in chain.members] == [2, 1]


def test_a_circle_made_by_hand_begins_with_its_earliest_case() -> None:
    nodes = cases(3)
    ties = [Tie(1, 2, Basis.BY_HAND), Tie(2, 3, Basis.BY_HAND), Tie(3, 1, Basis.BY_HAND)]
    (chain,) = chains_of(nodes, ties)
    assert [(member.node.id, member.generation) for member in chain.members] == [(1, 1), (2, 2), (3, 3)]


pairs = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)).filter(lambda pair: pair[0] != pair[1]), max_size=60)


@settings(max_examples=150)
@given(pairs)
def test_each_tie_lies_within_one_chain_and_no_two_cases_share_a_spot(
    exposures: list[tuple[int, int]],
) -> None:
    nodes = cases(30)
    ties = directed(exposures, [], nodes)
    chains = chains_of(nodes, ties)
    home = {member.node.id: chain.id for chain in chains for member in chain.members}
    assert all(home[tie.source] == home[tie.target] for tie in ties)
    assert set(home) == {one for pair in exposures for one in pair}
    assert len(home) == sum(chain.size for chain in chains)
    for chain in chains:
        generation = {member.node.id: member.generation for member in chain.members}
        assert min(generation.values()) == 1
        assert all(
            generation[m.node.id] <= min(generation[t.source] for t in m.through) + 1
            for m in chain.members
            if m.through
        )
    drawing = drawing_of(chains)
    spots = [(node[1], node[3]) for node in drawing["nodes"]]  # type: ignore[attr-defined]
    assert len(set(spots)) == len(spots)


def test_a_long_line_needs_no_recursion_and_the_drawing_is_bounded() -> None:
    nodes = cases(12_000)
    lines = [*pairwise(range(1, 3001)), *pairwise(range(3001, 4001)), *pairwise(range(4001, 12_001))]
    chains = chains_of(nodes, directed(lines, [], nodes))
    assert [chain.size for chain in chains] == [8000, 3000, 1000]
    assert chains[0].generations == 8000
    assert len(drawing_of(chains)["nodes"]) == 4000 <= MOST_DRAWN  # type: ignore[arg-type]
    near = around(chains[1], 10, 2)
    assert [member.node.id for member in near.members] == [8, 9, 10, 11, 12]


@pytest.fixture
def second(followed: Trace, neighbour: Resident) -> int:
    """The neighbour fell ill: a case through the follow-up."""
    return int(became_case(SYSTEM, of(neighbour).pk, CaseFacts("covid-19", today(), today())).pk)


def test_a_contact_who_is_a_case_is_tied_by_the_trace_and_by_the_link(
    followed: Trace, second: int, stranger: Resident, hanh: StaffAccount
) -> None:
    third = open_case(SYSTEM, stranger.pk, CaseFacts("covid-19", today(), today())).pk
    chain = chain_of(scope_for(hanh), second)
    assert {member.node.id for member in chain.members} == {followed.case_id, second, third}
    assert (chain.generations, chain.id) == (2, followed.case_id)
    assert chains_in(scope_for(hanh))[1] == 0


def test_a_link_made_by_hand_ties_until_it_is_taken_back(followed: Trace, hanh: StaffAccount) -> None:
    scope = scope_for(hanh)
    other = resident_of(commune("Phường Hương Văn"), "Ngô Văn Xa")
    far = open_case(SYSTEM, other.pk, CaseFacts("covid-19", today(), today())).pk
    link_cases(scope, far, followed.case_id, CaseLink.Kind.INFECTED_BY)
    found = chain_of(scope, far)
    assert [member.node.id for member in found.members] == [followed.case_id, far]
    unlink_cases(scope, far, followed.case_id)
    assert chain_of(scope, far).size == 1


def test_the_pages_say_numbers_and_no_names(client: Client, hanh: StaffAccount, followed: Trace, second: int) -> None:
    client.force_login(hanh)
    pages = [
        reverse("followup:chains"),
        reverse("followup:graph"),
        reverse("followup:chain", args=[second]),
        reverse("followup:chain", args=[second]) + "?all=1",
        reverse("followup:chain_graph", args=[second]),
    ]
    for url in pages:
        text = client.get(url).content.decode()
        assert str(followed.case_id if url == pages[0] else second) in text  # a chain is named by its lowest number
        assert not [name for name in ("Lan", "Hòa", "Sen") if name in text], url
    drawing = client.get(pages[1]).json()
    assert sorted(node[0] for node in drawing["nodes"]) == sorted([followed.case_id, second])
    assert len(drawing["ties"]) == 1


def test_an_epidemiologist_of_one_commune_sees_no_case_of_another(
    client: Client, second: int, commune_b: object
) -> None:
    client.force_login(staff("sang", "Người Xã B", Role.EPIDEMIOLOGIST, commune_b))  # type: ignore[arg-type]
    assert client.get(reverse("followup:graph")).json()["nodes"] == []
    assert client.get(reverse("followup:chain", args=[second])).status_code == 404
