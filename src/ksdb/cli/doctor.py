"""`ksdb doctor`: what is wrong with this machine or its settings, and what to do."""

import os
import shutil
import socket
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import psutil
import psycopg
from rich.console import Console

from ksdb.config import SECRET_NAMES, SettingMissing, Settings, read_settings, seal_key_name
from ksdb.core.clock import now
from ksdb.core.seal import check_value
from ksdb.postgres.roles import powers
from ksdb.postgres.server import data_dir

GIB = 1024**3
LEAST_DISK = 2 * GIB
LEAST_MEMORY = 2 * GIB
CLOCKS_DIFFER = timedelta(minutes=5)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: well, or not well with what to do."""

    is_well: bool
    what: str
    advice: str = ""


def run() -> int:
    """Prints every finding; the exit status is the number of things that are not well."""
    console = Console()
    findings = list(look(read_settings()))
    for finding in findings:
        console.print(f"[green]well[/]  {finding.what}" if finding.is_well else f"[red]ILL[/]   {finding.what}")
        if not finding.is_well:
            console.print(f"      → {finding.advice}")
    return sum(not finding.is_well for finding in findings)


def look(ours: Settings) -> Iterator[Finding]:
    yield _python()
    yield _memory()
    yield _disk(ours)
    yield _secrets(ours)
    yield _folder(ours)
    yield from _database(ours)
    yield _address("site", ours.site_address)
    yield _address("gateway", ours.gateway_address)
    yield _clock()


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding(sys.version_info >= (3, 11), f"Python {version}", "Install Python 3.11 or newer, then `make up`.")


def _memory() -> Finding:
    total = psutil.virtual_memory().total
    return Finding(
        total >= LEAST_MEMORY, f"{total / GIB:.1f} GiB of memory", "Give the machine at least 2 GiB of memory."
    )


def _disk(ours: Settings) -> Finding:
    folder = ours.var_dir if ours.var_dir.exists() else ours.var_dir.parent.resolve()
    free = shutil.disk_usage(folder).free
    advice = f"Free some space, or point KSDB_VAR_DIR to a larger disk; {LEAST_DISK / GIB:.0f} GiB are the least."
    return Finding(free >= LEAST_DISK, f"{free / GIB:.1f} GiB free for {ours.var_dir}", advice)


def _secrets(ours: Settings) -> Finding:
    try:
        lengths = [len(ours.secret(name)) for name in SECRET_NAMES if name != "seal_key"]
        lengths += [len(key) for key in ours.seal_keys().values()]
    except (SettingMissing, ValueError) as error:
        return Finding(is_well=False, what="secrets", advice=str(error))
    advice = "Each secret is 32 bytes written as 64 hexadecimal digits; make new ones with `ksdb init`."
    return Finding(set(lengths) == {32}, "secrets are there and long enough", advice)


def _folder(ours: Settings) -> Finding:
    folder = ours.var_dir / "secrets"
    is_closed = not folder.exists() or not stat.S_IMODE(folder.stat().st_mode) & 0o077
    return Finding(is_closed, f"{folder} is closed to others", f"Run `chmod -R go-rwx {folder}`.")


def _database(ours: Settings) -> Iterator[Finding]:
    if not ours.database_url:
        yield _embedded(ours)
        return
    try:
        with psycopg.connect(ours.database_url, connect_timeout=5) as connection:
            yield _server_version(connection)
            yield _durability(connection)
            yield from _keys(connection, ours)
        yield _rights("pages and jobs", "SITE", ours.site_url)
        yield _rights("gateway", "GATEWAY", ours.gateway_url)
    except psycopg.Error as error:
        advice = f"{type(error).__name__}: check that the server runs and KSDB_DATABASE_URL names it."
        yield Finding(is_well=False, what="the database does not answer", advice=advice)


def _embedded(ours: Settings) -> Finding:
    folder = data_dir(ours)
    if os.geteuid() == 0 and folder.is_relative_to("/root"):
        advice = "PostgreSQL runs as its own user and opens every folder above its data. Move KSDB_VAR_DIR to /var/lib."
        return Finding(is_well=False, what="the embedded database lies below a home folder", advice=advice)
    return Finding(is_well=True, what=f"the embedded PostgreSQL keeps its data in {ours.var_dir}/postgres")


def _server_version(connection: psycopg.Connection[tuple[object, ...]]) -> Finding:
    version = connection.info.server_version // 10000
    return Finding(version >= 16, f"PostgreSQL {version}", "Move to PostgreSQL 16 or newer.")


def _durability(connection: psycopg.Connection[tuple[object, ...]]) -> Finding:
    names = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in names if connection.execute("SELECT current_setting(%s)", [name]).fetchone() == ("off",)]
    advice = f"Turn {', '.join(off)} on: a scan that was acknowledged must survive a power cut."
    return Finding(not off, "the database keeps what it acknowledges", advice)


def _keys(connection: psycopg.Connection[tuple[object, ...]], ours: Settings) -> Iterator[Finding]:
    """Whether the secrets are those of this database, the ledger fits, and scanners get status lists."""
    if connection.execute("SELECT to_regclass('public.key_check')").fetchone() == (None,):
        return
    known: dict[object, object] = {
        row[0]: row[1] for row in connection.execute("SELECT name, value FROM key_check").fetchall()
    }
    here = {seal_key_name(version): key for version, key in ours.seal_keys().items()}
    here["match_key"] = ours.secret("match_key")
    wrong = [name for name, key in here.items() if known.get(name, check_value(key)) != check_value(key)]
    advice = f"{', '.join(wrong)}: put the copy back before anything is written; docs/runbook.md says more."
    yield Finding(not wrong, "the secrets are those this database was written with", advice)
    run = connection.execute("SELECT finding_count FROM ledger_check ORDER BY id DESC LIMIT 1").fetchone()
    advice = "Stop printing. The page Keys says what does not fit; docs/runbook.md says what it may mean."
    yield Finding(run is None or run == (0,), "cards, ledger and prints fit together", advice)
    newest = connection.execute("SELECT max(made_at) > now() - interval '1 hour' FROM status_list").fetchone()
    advice = "Is the publisher running, and is there a key for it? `ksdb keys list`, `ksdb keys make --usage status`."
    yield Finding(newest == (True,), "a status list was published within the hour", advice)
    latest = connection.execute("SELECT at FROM audit_entry ORDER BY at DESC LIMIT 1").fetchone()
    is_later = latest is not None and isinstance(latest[0], datetime) and latest[0] > now() + CLOCKS_DIFFER
    advice = "The trail has entries of later than now: rights that had ended may hold again. Set the clock by NTP."
    yield Finding(not is_later, "the clock was not set back", advice)
    noted = connection.execute("SELECT kept_days FROM log_retention").fetchone()
    advice = "The database was told another number of days: run `ksdb migrate` with the setting that is meant."
    yield Finding(noted == (ours.retention_days,), f"visits are kept {ours.retention_days} days", advice)


def _rights(what: str, name: str, url: str) -> Finding:
    """Whether a door could alter the audit trail, or take what it was not given."""
    with psycopg.connect(url, connect_timeout=5) as connection:
        user, too_much = connection.info.user, powers(connection)
    advice = f"That role {', '.join(too_much)}. Set KSDB_{name}_DATABASE_URL: docs/database-roles.md says how."
    return Finding(not too_much, f"the {what} reach the database as {user}", advice)


def _address(name: str, address: str) -> Finding:
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        is_taken = probe.connect_ex((host, int(port))) == 0
    advice = f"If that is not ksdb itself, stop it or set KSDB_{name.upper()}_ADDRESS to another port."
    return Finding(not is_taken, f"{address} is {'taken' if is_taken else 'free'} for the {name}", advice)


def _clock() -> Finding:
    is_sane = now().year >= 2026
    return Finding(is_sane, "the clock is plausible", "Set the clock, and keep it right with NTP: visits live by it.")
