import stat
from datetime import timedelta

import pytest
from tests.conftest import scope_for

from ksdb.access.models import StaffAccount
from ksdb.cards.actions import make_issuer_key
from ksdb.cards.keys import KeyFileMissing, key_path, signing_key
from ksdb.cards.life import CARD_LIFE
from ksdb.cards.models import IssuerKey
from ksdb.cards.queries import current_issuer_key, trust_list
from ksdb.core.clock import now
from ksdb.core.errors import NotAllowed
from ksdb.core.scope import Scope

pytestmark = pytest.mark.django_db


def test_only_this_user_can_read_a_key(issuer_key: IssuerKey) -> None:
    path = key_path(issuer_key.kid, bytes(issuer_key.public_key))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_table_holds_an_uncompressed_point(issuer_key: IssuerKey) -> None:
    point = bytes(issuer_key.public_key)
    assert len(point) == 65
    assert point[0] == 4


def test_kids_go_up_and_the_oldest_key_with_room_signs(system: Scope, issuer_key: IssuerKey) -> None:
    assert make_issuer_key(system).kid == issuer_key.kid + 1
    assert current_issuer_key(system) == issuer_key


def test_a_key_outlives_the_cards_it_signs(system: Scope, issuer_key: IssuerKey) -> None:
    IssuerKey.objects.filter(pk=issuer_key.kid).update(not_after=now() + CARD_LIFE - timedelta(days=30))
    newer = make_issuer_key(system)
    assert current_issuer_key(system) == newer
    assert set(trust_list(system)) == {issuer_key.kid, newer.kid}


def test_a_lost_key_file_is_said_clearly(issuer_key: IssuerKey) -> None:
    point = bytes(issuer_key.public_key)
    key_path(issuer_key.kid, point).unlink()
    with pytest.raises(KeyFileMissing):
        signing_key(issuer_key.kid, point)


def test_a_file_with_another_key_in_it_is_refused(system: Scope, issuer_key: IssuerKey) -> None:
    other = make_issuer_key(system)
    point, other_point = bytes(issuer_key.public_key), bytes(other.public_key)
    key_path(issuer_key.kid, point).write_bytes(key_path(other.kid, other_point).read_bytes())
    with pytest.raises(KeyFileMissing):
        signing_key(issuer_key.kid, point)


def test_a_ward_officer_makes_no_keys(binh: StaffAccount) -> None:
    with pytest.raises(NotAllowed):
        make_issuer_key(scope_for(binh))
