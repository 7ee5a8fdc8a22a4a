"""What the doors' roles can do in the database, tried out."""

from dataclasses import replace
from importlib.resources import files

import psycopg
import pytest
from django.conf import settings as django_settings

from ksdb.cli.doctor import look
from ksdb.cli.up import _environment
from ksdb.config import Settings, settings
from ksdb.gateway.schema import MIGRATIONS
from ksdb.postgres.roles import GATEWAY, SITE, as_role, give_rights, powers
from ksdb.site.settings import database

pytestmark = pytest.mark.django_db

REFUSED = psycopg.errors.InsufficientPrivilege
ENTRY = (
    "INSERT INTO audit_entry (at, actor_name, action, subject, purpose, detail) VALUES (now(), '', %s, '', '', '{}')"
)


def run(connection: psycopg.Connection, statement: str) -> None:
    with connection.transaction():
        connection.execute(statement.encode())


@pytest.mark.parametrize("table", ["audit_entry", "audit_link"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE {} SET entry_id = 0",
        "DELETE FROM {}",
        "TRUNCATE {}",
        "DROP TABLE {}",
        "ALTER TABLE {} DISABLE TRIGGER ALL",
        "ALTER TABLE {} ADD COLUMN note text",
        "DROP TRIGGER {}_kept ON {}",
        "CREATE TRIGGER mine BEFORE INSERT ON {} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE RULE mine AS ON INSERT TO {} DO INSTEAD NOTHING",
        "ALTER TABLE {} OWNER TO ksdb_site",
    ],
)
def test_the_site_only_adds_to_the_trail(site: psycopg.Connection, table: str, statement: str) -> None:
    with pytest.raises(REFUSED):
        run(
            site,
            statement.replace("{}", table).replace("entry_id = 0", "id = 0" if table == "audit_entry" else "hash = ''"),
        )


def test_the_site_writes_entries_and_they_wait_for_their_link(site: psycopg.Connection) -> None:
    site.execute(ENTRY, ["x:y:z"])
    assert site.execute("SELECT count(*) FROM audit_unsealed JOIN audit_entry ON id = entry_id").fetchone() == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET ROLE postgres",
        "UPDATE audit_unsealed SET entry_id = 0",
        "DELETE FROM visit",
        "INSERT INTO refusal (point_id, device_id, sequence, reason) VALUES (1, 1, 1, 20)",
        "UPDATE card_signature SET kid = 0",
        "DELETE FROM django_migrations",
        "UPDATE issuer_key SET retired_at = NULL",
        "INSERT INTO trust_list (serial, signed, imported_at) VALUES (9, '', now())",
        "UPDATE log_retention SET kept_days = 1",
        "DELETE FROM key_check",
        "CREATE TABLE public.mine (a int)",
        "CREATE OR REPLACE FUNCTION audit_note_unsealed() RETURNS trigger LANGUAGE sql AS ''",
        "COPY resident TO PROGRAM 'cat'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_what_the_site_may_not(site: psycopg.Connection, statement: str) -> None:
    with pytest.raises(REFUSED):
        run(site, statement)


def test_the_site_keeps_partitions_by_the_owners_functions_only(site: psycopg.Connection) -> None:
    site.execute("SELECT ensure_partitions('2001-01-01', '2001-01-02')")
    for name in ("visit_20010101", "refusal_20010101"):
        assert site.execute("SELECT row_count FROM partition_proof(%s)", [name]).fetchone() == (0,)
        site.execute("SELECT drop_partition(%s)", [name])
        assert site.execute("SELECT to_regclass(%s)", [name]).fetchone() == (None,)
    with pytest.raises(REFUSED):
        run(site, "DROP TABLE visit_20010102")


def test_a_function_of_the_owners_is_not_led_astray(site: psycopg.Connection) -> None:
    """A temporary table of the same name lies before ours on everybody else's path."""
    site.execute("CREATE TEMPORARY TABLE visit (scanned_at timestamptz) ON COMMIT DROP")
    site.execute("SELECT ensure_partitions('2001-01-01', '2001-01-01')")
    parents = site.execute("SELECT inhparent FROM pg_inherits WHERE inhrelid = 'visit_20010101'::regclass").fetchall()
    assert parents == site.execute("SELECT 'public.visit'::regclass::oid").fetchall()


GATEWAY_MAY = {
    "card": {"SELECT"},
    "device": {"SELECT"},
    "issuer_key": {"SELECT"},
    "trust_list": {"SELECT"},
    "status_list": {"SELECT"},
    "django_migrations": {"SELECT"},
    "visit": {"INSERT"},
    "refusal": {"INSERT"},
    "foreign_scan": {"INSERT"},
    "device_state": {"SELECT", "INSERT", "UPDATE"},
    "device_intake": {"SELECT", "INSERT", "UPDATE"},
}


def test_the_gateway_may_this_and_nothing_else(gateway: psycopg.Connection) -> None:
    rights: dict[str, set[str]] = {}
    kinds = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    tables = gateway.execute(
        "SELECT oid::regclass::text, oid FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p', 'v')"
    ).fetchall()
    for name, oid in tables:
        for kind in kinds:
            if gateway.execute("SELECT has_table_privilege(%s::oid, %s)", [oid, kind]).fetchone() == (True,):
                rights.setdefault(name, set()).add(kind)
    assert rights == GATEWAY_MAY
    assert len(tables) > 30


@pytest.mark.parametrize("table", ["resident", "household", "staff_account", "audit_entry", "case_record", "visit"])
def test_the_gateway_reads_nobody(gateway: psycopg.Connection, table: str) -> None:
    with pytest.raises(REFUSED):
        run(gateway, f"SELECT * FROM {table} LIMIT 1")  # noqa: S608 - the cases above


def test_the_gateway_makes_partitions_and_drops_none(gateway: psycopg.Connection) -> None:
    gateway.execute("LISTEN ksdb_known")
    gateway.execute("SELECT ensure_partitions('2001-01-01', '2001-01-01')")
    with pytest.raises(REFUSED):
        run(gateway, "SELECT drop_partition('visit_20010101')")


def test_the_gateway_sees_the_migrations_it_asks_for(gateway: psycopg.Connection) -> None:
    rows = gateway.execute("SELECT app, max(name) FROM django_migrations GROUP BY app").fetchall()
    assert MIGRATIONS.items() <= dict(rows).items()


def test_the_rights_can_be_given_again(owner_url: str, site: psycopg.Connection) -> None:
    site.execute(ENTRY, ["x:y:z"])  # somebody is at work meanwhile
    assert give_rights(owner_url) == []


def test_who_has_too_much_is_told(owner_url: str, site: psycopg.Connection, gateway: psycopg.Connection) -> None:
    assert powers(site) == powers(gateway) == []
    with psycopg.connect(owner_url) as owner:
        assert "may alter the audit trail" in powers(owner)


def test_the_doctor_says_who_the_doors_are(owner_url: str) -> None:
    as_owner = replace(settings(), database_url=owner_url)
    apart = replace(
        as_owner, site_database_url=as_role(owner_url, SITE), gateway_database_url=as_role(owner_url, GATEWAY)
    )
    for ours, is_well in ((as_owner, False), (apart, True)):
        findings = [finding for finding in look(ours) if "reach the database as" in finding.what]
        assert [finding.is_well for finding in findings] == [is_well, is_well]


def test_a_process_is_told_the_address_of_its_own_role_only() -> None:
    ours = Settings(
        database_url="postgresql://owner:a@h/d",
        site_database_url="postgresql://ksdb_site:b@h/d",
        gateway_database_url="postgresql://ksdb_gateway:c@h/d",
    )
    for name, own in (("site", "ksdb_site:b"), ("worker", "ksdb_site:b"), ("gateway", "ksdb_gateway:c")):
        told = [
            v
            for k, v in _environment(name, ours).items()
            if k.endswith("DATABASE_URL") and k.startswith("KSDB_") and "TEST" not in k
        ]
        assert [own in value for value in told if value] == [True]


def test_django_takes_the_address_apart() -> None:
    parts = database("postgresql://ksdb_site:secret@db.example:5433/ksdb")
    assert [parts[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")] == [
        "ksdb_site",
        "secret",
        "db.example",
        "5433",
        "ksdb",
    ]
    assert django_settings.DATABASES["default"]["ENGINE"] == parts["ENGINE"]


def test_the_roles_can_sign_in_and_no_password_stands_in_the_code(owner_url: str) -> None:
    text = files("ksdb.postgres").joinpath("roles.sql").read_text("utf-8")
    assert "PASSWORD" not in text
    with psycopg.connect(owner_url) as owner:
        row = owner.execute("SELECT count(*) FROM pg_roles WHERE rolname = ANY(%s) AND rolcanlogin", [[SITE, GATEWAY]])
        assert row.fetchone() == (2,)
