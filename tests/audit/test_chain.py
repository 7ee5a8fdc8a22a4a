"""Whatever somebody with every right in the database does to the trail is found, and named."""

import hashlib
import hmac
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks
from tests.audit.conftest import Intruder
from tests.conftest import scope_for
from typer.testing import CliRunner

from ksdb.access.models import StaffAccount
from ksdb.audit import actions
from ksdb.audit.actions import record, record_many, seal_entries
from ksdb.audit.anchors import anchors_path
from ksdb.audit.chain import Fault, Kind
from ksdb.audit.models import Entry, Link, Unsealed
from ksdb.audit.queries import faults
from ksdb.cli.audit import app, run
from ksdb.config import settings
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Purpose, Scope

pytestmark = pytest.mark.django_db


@pytest.fixture
def trail(system: Scope, binh: StaffAccount) -> list[int]:
    """Entries of every shape, chained and anchored; their numbers in the order of the chain."""
    scope = scope_for(binh)
    record_many(scope, "registry:resident:read", [("resident", n) for n in range(1, 6)], Purpose.CARD_SERVICE)
    record(
        scope, "tracing:trace:run", ("resident", 9), Purpose.CASE_TRACING, {"case": 4, "rules": "Ä\n\"1,5'", "x": 1.5}
    )
    record(system, "visits:day:drop", detail={"partitions": ["visit_20210101"], "none": None})
    seal_entries(system)
    assert Link.objects.count() == Entry.objects.count()
    return list(Link.objects.order_by("position").values_list("entry_id", flat=True))


def found(system: Scope) -> list[tuple[Kind, int | None, int | None]]:
    return [(fault.kind, fault.position, fault.entry_id) for fault in faults(system)]


def test_an_untouched_trail_is_whole(trail: list[int], system: Scope) -> None:
    assert len(trail) > 7
    assert found(system) == []


def test_the_hash_is_the_one_that_is_written_down(trail: list[int]) -> None:
    """Computed anew by hand, from the words of the docstring alone."""
    entry = Entry.objects.get(action="tracing:trace:run")
    link = Link.objects.get(entry_id=entry.pk)
    text = (
        f'[1,{link.position},"{bytes(link.previous_hash).hex()}",{entry.pk},{round(entry.at.timestamp() * 10**6)},'
        f'{entry.actor_id},"binh","tracing:trace:run","resident",9,"case_tracing",4,"127.0.0.1",'
        r'{"rules":"\u00c4\n\"1,5' + "'" + r'","x":1.5}]'
    )
    assert bytes(link.hash) == hmac.new(settings().secret("audit_key"), text.encode("ascii"), hashlib.sha256).digest()
    assert bytes(Link.objects.get(position=1).previous_hash) == bytes(32)


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "actor_id = actor_id + 1",
        "actor_name = 'minh'",
        "action = 'cards:card:read'",
        "subject = 'card'",
        "subject_id = subject_id + 1",
        "purpose = 'registration'",
        "case_id = 7",
        "address = '10.0.0.1'",
        """detail = '{"a": 1}'""",
    ],
)
def test_an_altered_entry(trail: list[int], system: Scope, intruder: Intruder, change: str) -> None:
    place = 4
    intruder(f"UPDATE audit_entry SET {change} WHERE id = %s", trail[place - 1])  # noqa: S608 - the cases above
    assert found(system) == [(Kind.ALTERED, place, trail[place - 1])]


@pytest.mark.parametrize("place", [1, 3, -1])
def test_a_removed_entry(trail: list[int], system: Scope, intruder: Intruder, place: int) -> None:
    position = place if place > 0 else len(trail)
    intruder("DELETE FROM audit_entry WHERE id = %s", trail[position - 1])
    assert found(system) == [(Kind.REMOVED, position, trail[position - 1])]


def test_an_entry_removed_with_its_link(trail: list[int], system: Scope, intruder: Intruder) -> None:
    intruder("DELETE FROM audit_entry WHERE id = %s", trail[2])
    intruder("DELETE FROM audit_link WHERE position = 3")
    assert found(system) == [(Kind.UNLINKED, 3, None)]


def test_and_with_the_later_links_moved_up(trail: list[int], system: Scope, intruder: Intruder) -> None:
    intruder("DELETE FROM audit_entry WHERE id = %s", trail[2])
    intruder("DELETE FROM audit_link WHERE position = 3")
    intruder("UPDATE audit_link SET position = -position WHERE position > 3")
    intruder("UPDATE audit_link SET position = -position - 1 WHERE position < 0")
    assert found(system)[:2] == [(Kind.MOVED, 3, trail[3]), (Kind.ALTERED, 3, trail[3])]


def test_two_entries_exchanged(trail: list[int], system: Scope, intruder: Intruder) -> None:
    """Their contents, each under the number of the other."""
    one, other = trail[1], trail[4]
    for old, new in ((one, -1), (other, one), (-1, other)):
        intruder("UPDATE audit_entry SET id = %s WHERE id = %s", new, old)
    assert found(system) == [(Kind.ALTERED, 2, one), (Kind.ALTERED, 5, other)]


def test_two_links_exchanged(trail: list[int], system: Scope, intruder: Intruder) -> None:
    intruder("UPDATE audit_link SET entry_id = -entry_id WHERE position IN (2, 5)")
    intruder("UPDATE audit_link SET entry_id = %s WHERE position = 2", trail[4])
    intruder("UPDATE audit_link SET entry_id = %s WHERE position = 5", trail[1])
    assert found(system) == [(Kind.ALTERED, 2, trail[4]), (Kind.ALTERED, 5, trail[1])]


def test_the_tail_cut_off(trail: list[int], system: Scope, intruder: Intruder) -> None:
    intruder("DELETE FROM audit_entry WHERE id = ANY(%s)", trail[-2:])
    intruder("DELETE FROM audit_link WHERE position > %s", len(trail) - 2)
    assert found(system) == [(Kind.CUT, len(trail), None)]


def test_the_tail_cut_off_and_grown_again(trail: list[int], system: Scope, intruder: Intruder) -> None:
    intruder("DELETE FROM audit_entry WHERE id = %s", trail[-1])
    intruder("DELETE FROM audit_link WHERE position = %s", len(trail))
    record_many(system, "x:y:z", [None] * 3)
    seal_entries(system)
    assert [kind for kind, position, _ in found(system) if position == len(trail)] == [Kind.REWRITTEN]


def test_the_whole_trail_gone(trail: list[int], system: Scope, intruder: Intruder) -> None:
    for table in ("audit_entry", "audit_link", "audit_unsealed"):
        intruder(f"DELETE FROM {table}")  # noqa: S608 - a constant
    assert found(system) == [(Kind.CUT, len(trail), None)]


def test_an_entry_removed_before_it_was_chained(trail: list[int], system: Scope, intruder: Intruder) -> None:
    record(system, "x:y:z")
    entry = Entry.objects.latest("pk")
    intruder("DELETE FROM audit_entry WHERE id = %s", entry.pk)
    seal_entries(system)
    assert found(system) == [(Kind.REMOVED, None, entry.pk)]


def test_an_entry_kept_out_of_the_chain(trail: list[int], system: Scope) -> None:
    """The site itself may take a mark away; it gains nothing by it."""
    record(system, "x:y:z")
    entry = Entry.objects.latest("pk")
    Unsealed.objects.all().delete()
    assert seal_entries(system) == 0
    assert found(system) == [(Kind.UNCHAINED, None, entry.pk)]


def test_a_chain_made_without_the_key(
    trail: list[int], system: Scope, intruder: Intruder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody alters an entry and computes everything from there on anew, with a key of his own."""
    intruder("UPDATE audit_entry SET subject_id = 99 WHERE id = %s", trail[2])
    intruder("DELETE FROM audit_link WHERE position >= 3")
    intruder("INSERT INTO audit_unsealed SELECT unnest(%s::bigint[])", trail[2:])
    with monkeypatch.context() as patch:
        patch.setenv("KSDB_AUDIT_KEY", "ef" * 32)
        seal_entries(system)
    kinds = {position: kind for kind, position, _ in found(system)}
    assert set(kinds) == set(range(3, len(trail) + 1))


def test_who_writes_chain_and_anchors_anew_is_told_on_by_a_copy(
    trail: list[int], system: Scope, intruder: Intruder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """He owns the machine, and so the key and the file; but the file was copied elsewhere before."""
    copied = tmp_path / "copied"
    copied.write_bytes(anchors_path().read_bytes())
    assert run(copied) == run(None) == 0
    assert "The audit trail is whole." in capsys.readouterr().out
    intruder("DELETE FROM audit_entry WHERE id = %s", trail[2])
    intruder("DELETE FROM audit_link")
    intruder("INSERT INTO audit_unsealed SELECT id FROM audit_entry")
    anchors_path().unlink()
    seal_entries(system)
    assert run(None) == 0
    assert run(copied) == 1
    assert "1 faults." in capsys.readouterr().out
    said = CliRunner().invoke(app, ["verify", "--anchors", str(tmp_path / "nowhere")])
    assert said.exit_code == 2


def test_the_command_names_each_fault_and_ends_with_one(
    trail: list[int], intruder: Intruder, capsys: pytest.CaptureFixture[str]
) -> None:
    intruder("DELETE FROM audit_entry WHERE id = %s", trail[2])
    assert run(None) == 1
    assert f"Entry {trail[2]} (link 3) was removed." in " ".join(capsys.readouterr().out.split())


def test_a_clock_set_back_changes_no_order(trail: list[int], system: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(actions, "now", lambda: now() - timedelta(days=400))
        record(system, "x:y:late")
    record(system, "x:y:later")
    seal_entries(system)
    last = Entry.objects.filter(pk__in=Link.objects.order_by("-position").values("entry_id")[:2]).order_by("pk")
    assert [entry.action for entry in last] == ["x:y:late", "x:y:later"]
    assert last[0].at < Entry.objects.get(pk=trail[0]).at
    assert found(system) == []


def test_what_waits_is_no_fault(trail: list[int], system: Scope) -> None:
    record(system, "x:y:z")
    assert Unsealed.objects.count() == 1
    assert found(system) == []


def test_a_rolled_back_act_leaves_nothing_to_chain(trail: list[int], system: Scope) -> None:
    with transaction.atomic():
        record(system, "x:y:z")
        transaction.set_rollback(True)
    assert seal_entries(system) == 0
    assert found(system) == []


def test_a_page_chains_what_it_wrote(
    system: Scope, binh: StaffAccount, django_capture_on_commit_callbacks: object
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        record(scope_for(binh), "x:y:z")
    assert not Unsealed.objects.exists()
    assert found(system) == []


def test_not_even_the_owner_changes_it_by_mistake(trail: list[int]) -> None:
    for statement in (
        "UPDATE audit_entry SET purpose = ''",
        "DELETE FROM audit_entry",
        "UPDATE audit_link SET position = position + 1",
        "DELETE FROM audit_link",
    ):
        with pytest.raises(DatabaseError, match="append only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_only_the_system_seals(binh: StaffAccount) -> None:
    with pytest.raises(NotAllowed):
        seal_entries(scope_for(binh))


def test_anchors_are_added_to_and_read_by_this_user_only(trail: list[int], system: Scope, own_var: Path) -> None:
    before = anchors_path().read_text()
    seal_entries(system)
    assert anchors_path().read_text() == before
    record(system, "x:y:z")
    seal_entries(system)
    after = anchors_path().read_text()
    assert after.startswith(before)
    assert after.count("\n") == before.count("\n") + 1
    assert anchors_path().stat().st_mode & 0o077 == 0
    assert anchors_path().is_relative_to(own_var)


def test_more_than_a_handful(system: Scope) -> None:
    """Several batches of sealing and of following."""
    record_many(system, "x:y:z", [("resident", n) for n in range(actions.MOST_AT_ONCE * 2 + 10)])
    seal_entries(system)
    count = Entry.objects.count()
    seen: list[tuple[int, int]] = []
    assert list(faults(system, lambda done, total: seen.append((done, total)))) == []
    assert seen[-1] == (count, count)
    assert Link.objects.exclude(entry_id__in=Entry.objects.values("pk")).count() == 0


def test_each_fault_has_its_sentence() -> None:
    sentences = {Fault(kind, 7, 12).sentence() for kind in Kind}
    assert len(sentences) == len(Kind)
    assert all("7" in sentence or "12" in sentence for sentence in sentences)


def test_a_transaction_of_several_entries_is_chained_by_one_run(
    system: Scope,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_capture_on_commit_callbacks() as due:
        for _ in range(3):
            record(system, "x:y:z")
    due[0]()
    with django_assert_num_queries(0):
        due[1]()
        due[2]()
    assert not Unsealed.objects.exists()
    with django_capture_on_commit_callbacks(execute=True):
        record(system, "x:y:z")
    assert not Unsealed.objects.exists()
