"""Keys and the lists that are published: rotate, retire, sign off the network, take in, publish what changed."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import DatabaseError, transaction
from tests.conftest import commune, resident_of, scope_for
from typer.testing import CliRunner

from ksdb.access.models import StaffAccount
from ksdb.approvals.kinds import SecondPersonNeeded
from ksdb.audit.models import Entry
from ksdb.cards.actions import activate_cards, change_status, issue_cards, make_issuer_key, token_of
from ksdb.cards.actions.keys import NoSuccessor, TrustListRefused, import_trust_list, retire_key, rotate_key
from ksdb.cards.actions.publishing import NoStatusKey, Published, publish_status_list
from ksdb.cards.keys import RootDiffers, RootUnknown, RootUnreadable, pin_root, pinned_root, read_root, write_root
from ksdb.cards.life import KeyState, NoIssuerKey, Reason
from ksdb.cards.models import Card, IssuerKey, StatusList, TrustList
from ksdb.cards.queries import current_issuer_key, trust_list
from ksdb.cards.queries.keys import cards_hit, keys_shown, next_trust_list
from ksdb.cli import app
from ksdb.cli.signing import NoTrustList, SerialUsed, list_in, publish_with, signed_by_root
from ksdb.core.clock import now
from ksdb.core.decision import CardStatus
from ksdb.core.errors import NotAllowed, NotFound
from ksdb.core.scope import Scope
from ksdb.core.status_list import Listed, check_status_list
from ksdb.core.status_list import StatusList as Checked
from ksdb.core.token import Claims, Form, TokenFault, Usage, check_token
from ksdb.core.trust_list import TrustList as Trust
from ksdb.core.trust_list import check_list, coded, sign_list
from ksdb.places.models import Division
from ksdb.registry.models import Resident

pytestmark = pytest.mark.django_db
ROOT = ec.derive_private_key(77, ec.SECP256R1())


@pytest.fixture
def status_key(system: Scope, db: None) -> IssuerKey:
    return make_issuer_key(system, usage=Usage.STATUS)


def trusted(scope: Scope) -> None:
    import_trust_list(scope, sign_list(coded(next_trust_list(scope)), ROOT), ROOT.public_key())


def states(scope: Scope) -> dict[int, KeyState]:
    return {key.kid: key.state for key in keys_shown(scope)}


def listed(scope: Scope, index: int) -> Listed:
    newest = StatusList.objects.latest("serial")
    checked = check_status_list(bytes(newest.token or b""), trust_list(scope), now())
    assert isinstance(checked, Checked)
    return checked.of(index)


def test_without_a_trust_list_a_new_key_signs_at_once(system: Scope, issuer_key: IssuerKey) -> None:
    assert states(system) == {issuer_key.kid: KeyState.SIGNS}
    newer = rotate_key(system)
    assert states(system) == {issuer_key.kid: KeyState.CLOSED, newer.kid: KeyState.SIGNS}
    assert current_issuer_key(system) == newer


def test_with_a_trust_list_a_key_waits_until_it_is_announced(system: Scope, issuer_key: IssuerKey) -> None:
    trusted(system)
    with pytest.raises(NoSuccessor):
        rotate_key(system)
    newer = make_issuer_key(system)
    assert states(system) == {issuer_key.kid: KeyState.SIGNS, newer.kid: KeyState.WAITS}
    IssuerKey.objects.filter(pk=issuer_key.kid).update(closed_at=now())
    with pytest.raises(NoIssuerKey):
        current_issuer_key(system)
    IssuerKey.objects.update(closed_at=None)
    trusted(system)
    assert rotate_key(system) == newer
    assert states(system) == {issuer_key.kid: KeyState.CLOSED, newer.kid: KeyState.SIGNS}


def test_a_retired_key_takes_its_cards_along(system: Scope, card_of_lan: Card, issuer_key: IssuerKey) -> None:
    activate_cards(system, [card_of_lan.pk])
    token, before = token_of(system, card_of_lan.pk), now() - timedelta(seconds=1)
    assert cards_hit(system, issuer_key.kid) == 1
    assert retire_key(system, issuer_key.kid) == 1
    card_of_lan.refresh_from_db()
    assert (card_of_lan.status, card_of_lan.reason) == (CardStatus.REVOKED, Reason.KEY_RETIRED)
    trust = trust_list(system)
    assert check_token(token, trust, now()) == TokenFault.KEY_NOT_VALID
    assert isinstance(check_token(token, trust, before), Claims), "a scan from before stays what it was"
    assert states(system) == {issuer_key.kid: KeyState.RETIRED}
    entry = Entry.objects.filter(action="cards:key:manage").latest("pk")
    assert (entry.detail["act"], entry.detail["cards"]) == ("retire", 1)
    with pytest.raises(NotFound):
        retire_key(system, issuer_key.kid)
    with pytest.raises(NoIssuerKey):
        current_issuer_key(system)


def test_a_retired_key_stands_in_the_trail_of_each_holder_and_needs_two_persons(
    system: Scope, hanh: StaffAccount, issuer_key: IssuerKey, commune_a: Division
) -> None:
    people = [resident_of(commune_a, f"Người Thứ {number}").pk for number in range(11)]
    issue_cards(system, people, Form.PAPER)
    with pytest.raises(SecondPersonNeeded):
        retire_key(scope_for(hanh), issuer_key.kid)
    assert retire_key(system, issuer_key.kid) == 11
    entries = Entry.objects.filter(action="cards:card:revoke", subject="resident")
    assert sorted(entries.values_list("subject_id", flat=True)) == sorted(people)
    assert Entry.objects.get(action="approvals:act:bypass").detail == {"kind": "bulk_revoke", "count": 11}


def test_keys_are_the_administrators(binh: StaffAccount, issuer_key: IssuerKey) -> None:
    for act in (rotate_key, lambda s: retire_key(s, issuer_key.kid), keys_shown, publish_status_list):
        with pytest.raises(NotAllowed):
            act(scope_for(binh))


def test_an_older_list_and_a_strange_one_are_refused(system: Scope, issuer_key: IssuerKey) -> None:
    first = sign_list(coded(next_trust_list(system)), ROOT)
    import_trust_list(system, first, ROOT.public_key())
    second = sign_list(coded(next_trust_list(system)), ROOT)
    import_trust_list(system, second, ROOT.public_key())
    for signed, why in ((first, "not newer"), (second, "not newer"), (second[:-1] + b"x", "signature")):
        with pytest.raises(TrustListRefused, match=why):
            import_trust_list(system, signed, ROOT.public_key())
    other = ec.derive_private_key(78, ec.SECP256R1())
    with pytest.raises(TrustListRefused, match="another root"):
        import_trust_list(system, sign_list(coded(next_trust_list(system)), other), ROOT.public_key())
    stale = sign_list(coded(next_trust_list(system)), ROOT)
    retire_key(system, issuer_key.kid)
    with pytest.raises(TrustListRefused, match="retired since"):
        import_trust_list(system, stale, ROOT.public_key())
    assert TrustList.objects.count() == 2


def test_the_database_takes_no_list_back(system: Scope, issuer_key: IssuerKey, status_key: IssuerKey) -> None:
    trusted(system)
    publish_status_list(system)
    for table in (TrustList, StatusList):
        newest = table.objects.latest("serial")
        newest.serial -= 1
        with pytest.raises(DatabaseError, match="not newer"), transaction.atomic():
            newest.save(force_insert=True)
        with pytest.raises(DatabaseError, match="newest"), transaction.atomic():
            table.objects.all().delete()
        with pytest.raises(DatabaseError, match="newest"), transaction.atomic():
            table.objects.update(serial=newest.serial + 10)


def test_the_status_list_follows_each_change(
    system: Scope, card_of_lan: Card, status_key: IssuerKey, lan: Resident
) -> None:
    index = card_of_lan.pk
    first = publish_status_list(system)
    assert isinstance(first, Published)
    assert listed(system, index) == Listed.ATTENTION, "not activated: never silently green"
    assert publish_status_list(system) is None
    seen = []
    activate_cards(system, [index])
    for status, reason in (
        (None, None),
        (CardStatus.SUSPENDED, Reason.LOST),
        (CardStatus.ACTIVE, Reason.FOUND),
        (CardStatus.REVOKED, Reason.LOST),
    ):
        if status is not None and reason is not None:
            change_status(system, index, status, reason)
        published = publish_status_list(system)
        assert published is not None
        assert (published.changed, published.serial > first.serial) == (1, True)
        seen.append(listed(system, index))
    assert seen == [Listed.VALID, Listed.SUSPENDED, Listed.VALID, Listed.INVALID]
    assert StatusList.objects.exclude(token=None).count() == 1, "only the newest is kept whole"


def test_a_list_is_made_anew_when_it_is_no_longer_fresh(system: Scope, status_key: IssuerKey) -> None:
    first = publish_status_list(system)
    assert first is not None
    newer = make_issuer_key(system, usage=Usage.STATUS)
    second = publish_status_list(system)
    assert second is not None, "a newer key signs at once"
    assert (second.changed, second.serial > first.serial) == (0, True)
    assert StatusList.objects.latest("serial").kid == newer.kid


def test_without_its_key_no_list_is_made(system: Scope, issuer_key: IssuerKey) -> None:
    with pytest.raises(NoStatusKey):
        publish_status_list(system)


def test_a_list_after_a_restored_backup_is_newer_than_any_before(system: Scope, status_key: IssuerKey) -> None:
    """Serials are not counted but taken from the clock, so what the backup forgot is not given out twice."""
    published = publish_status_list(system)
    assert published is not None
    assert abs(published.serial - now().timestamp()) < 5
    assert abs(next_trust_list(system).serial - now().timestamp()) < 5


def test_the_root_signs_no_serial_twice(system: Scope, issuer_key: IssuerKey, tmp_path: Path) -> None:
    root = tmp_path / "root.pem"
    passphrase = "ba chim sẻ".encode()
    public = write_root(root, passphrase)
    exported = coded(next_trust_list(system))
    signed = signed_by_root(exported, root, passphrase)
    assert check_list(signed, public) == list_in(signed) == list_in(exported)
    with pytest.raises(SerialUsed):
        signed_by_root(exported, root, passphrase)
    with pytest.raises(RootUnreadable):
        read_root(root, b"wrong")
    with pytest.raises(NoTrustList):
        signed_by_root(b"\xa0", root, passphrase)
    with pytest.raises(FileExistsError):
        write_root(root, None)


def test_the_root_is_pinned_once(system: Scope, issuer_key: IssuerKey, tmp_path: Path) -> None:
    with pytest.raises(RootUnknown):
        pinned_root()
    write_root(tmp_path / "root.pem", None)
    trust = publish_with(system, tmp_path / "root.pem", None)
    assert TrustList.objects.get().serial == trust.serial
    other = write_root(tmp_path / "other.pem", None)
    with pytest.raises(RootDiffers):
        pin_root(other)
    with pytest.raises(RootDiffers):
        publish_with(system, tmp_path / "other.pem", None)
    pin_root(other, replaces=True)
    assert pinned_root() == other


def test_off_the_network_the_commands_need_no_database(system: Scope, issuer_key: IssuerKey, tmp_path: Path) -> None:
    exported, signed = tmp_path / "list", tmp_path / "list.signed"
    exported.write_bytes(coded(next_trust_list(system)))
    run = CliRunner().invoke
    made = run(app, ["keys", "init", "--root", str(tmp_path / "root.pem")], input="một hai ba\nmột hai ba\n")
    assert made.exit_code == 0, made.output
    refused = run(app, ["keys", "init", "--root", str(tmp_path / "root.pem"), "--no-passphrase"])
    assert refused.exit_code == 2
    arguments = ["keys", "sign", str(exported), "--root", str(tmp_path / "root.pem"), "--out", str(signed)]
    assert run(app, arguments, input="n\n").exit_code == 1
    assert not signed.exists()
    done = run(app, arguments, input="y\nmột hai ba\n")
    assert done.exit_code == 0, done.output
    assert "Trust list" in run(app, ["keys", "show", str(signed)]).output
    assert run(app, ["keys", "anchor", str(tmp_path / "root.pem.pub")]).exit_code == 0
    assert import_trust_list(system, signed.read_bytes(), pinned_root()).keys == next_trust_list(system).keys
    token = issue_token(system)
    said = run(app, ["card", "inspect", token, "--trust", str(signed), "--language", "en"])
    assert said.exit_code == 0, said.output
    assert "Good:" in said.output


def test_the_commands_take_a_key_through_its_whole_life(
    system: Scope, card_of_lan: Card, issuer_key: IssuerKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", os.environ["DJANGO_SETTINGS_MODULE"])

    def said(*arguments: object) -> str:
        done = CliRunner().invoke(app, ["keys", *map(str, arguments)])
        assert done.exit_code == 0, (arguments, done.output)
        return " ".join(done.output.split())

    root, exported, signed = (tmp_path / name for name in ("root.pem", "list", "list.signed"))
    said("init", "--root", root, "--no-passphrase")
    said("anchor", f"{root}.pub")
    assert "There is no trust list yet." in said("list")
    assert "is made" in said("make")
    newer = IssuerKey.objects.latest("kid")
    said("export", exported)
    said("sign", exported, "--root", root, "--out", signed, "--no-passphrase", "--yes")
    first = TrustList.objects.count()
    assert "is in use" in said("import", signed)
    assert TrustList.objects.count() == first + 1
    assert CliRunner().invoke(app, ["keys", "import", str(exported)]).exit_code != 0, "nobody signed that"
    assert f"Key {newer.kid} signs from now on" in said("rotate")
    assert states(system) == {issuer_key.kid: KeyState.CLOSED, newer.kid: KeyState.SIGNS}
    assert f"Trust list {TrustList.objects.get().serial}." in said("list")
    assert "1 cards are revoked" in said("retire", issuer_key.kid, "--yes")
    card_of_lan.refresh_from_db()
    assert card_of_lan.reason == Reason.KEY_RETIRED
    assert "Take the stick out" in said("publish", "--root", root, "--no-passphrase")
    newest = check_list(bytes(TrustList.objects.latest("serial").signed), pinned_root())
    assert isinstance(newest, Trust)
    assert newest.by_kid()[issuer_key.kid].not_after <= now().timestamp() + 1


def issue_token(scope: Scope) -> str:
    person = resident_of(commune("Phường Hương Vân"), "Nguyễn Thị Lan")
    return issue_cards(scope, [person.pk], Form.PAPER)[0].token
