"""What the commands of keys do behind their words: sign with the root, and keep the root from signing backwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.table import Table

from ksdb.core.clock import ZONE, from_ms
from ksdb.core.cose import ListFault, taken_apart
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Scope, system_scope
from ksdb.core.trust_list import KIND, TrustList, coded, point_of, read_unsigned, sign_list


class NoTrustList(KsdbError):
    """This file is no trust list. Take the one that `ksdb keys export` wrote."""

    code = "no_trust_list"
    status = 422


class SerialUsed(KsdbError):
    """This root has signed a list with this serial or a newer one. Export a new list and sign that."""

    code = "serial_used"
    status = 409


@contextmanager
def at_the_database() -> Iterator[Scope]:
    """The system's scope while the database runs."""
    from ksdb.cli import with_django

    with_django()
    from ksdb.cli.database import stopping_the_server

    with stopping_the_server():
        yield system_scope()


def list_in(content: bytes) -> TrustList:
    """What a file says, signed or not, without belief. Raises NoTrustList."""
    message = taken_apart(content, KIND)
    trust = read_unsigned(content if isinstance(message, ListFault) else message.payload)
    if isinstance(trust, ListFault):
        raise NoTrustList(trust.value)
    return trust


def signed_by_root(content: bytes, root: Path, passphrase: bytes | None) -> bytes:
    """The list, signed. The greatest serial signed is noted beside the root, and none up to it is signed again."""
    from ksdb.cards.keys import read_root

    trust = read_unsigned(content)
    if isinstance(trust, ListFault):
        raise NoTrustList(trust.value)
    key = read_root(root, passphrase)
    note = root.with_name(root.name + ".serial")
    if note.exists() and trust.serial <= int(note.read_text()):
        raise SerialUsed(note.read_text().strip())
    note.write_text(f"{trust.serial}\n")
    return sign_list(coded(trust), key)


def publish_with(scope: Scope, root: Path, passphrase: bytes | None) -> TrustList:
    """Signs the keys as they stand with the root and takes the list in; pins the root where none is pinned."""
    from ksdb.cards.actions.keys import import_trust_list
    from ksdb.cards.keys import pin_root, read_root
    from ksdb.cards.queries.keys import next_trust_list

    public = read_root(root, passphrase).public_key()
    pin_root(public)
    signed = signed_by_root(coded(next_trust_list(scope)), root, passphrase)
    return import_trust_list(scope, signed, public)


def table_of(trust: TrustList) -> Table:
    made = from_ms(trust.made_at * 1000).astimezone(ZONE)
    table = Table(
        "key", "for", "from", "until", "public half", title=f"Trust list {trust.serial} of {made:%d/%m/%Y %H:%M}"
    )
    for key in trust.keys:
        since, until = (f"{from_ms(at * 1000).astimezone(ZONE):%d/%m/%Y}" for at in (key.not_before, key.not_after))
        table.add_row(str(key.kid), key.usage, since, until, point_of(key.public_key).hex()[2:18] + "…")
    return table
