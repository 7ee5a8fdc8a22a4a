"""What the linters do not see: `python -m tools.checks` says what is out of step, and what to do about it.

Needs no database: migrations are compared with the models alone.
"""

import hashlib
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tools import documents, messages

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src" / "ksdb" / "web" / "static" / "web"


def migrations() -> Iterator[str]:
    """Models that changed without a migration, and migrations that parted ways."""
    from django.apps import apps
    from django.db.migrations.autodetector import MigrationAutodetector
    from django.db.migrations.loader import MigrationLoader
    from django.db.migrations.state import ProjectState
    from django.utils.translation import override

    loader = MigrationLoader(None)
    rooms = {config.label for config in apps.get_app_configs() if config.name.startswith("ksdb.")}
    for room, names in sorted(loader.detect_conflicts().items()):
        yield f"{room}: {' and '.join(sorted(names))} both come last; run `ksdb manage makemigrations --merge {room}`"
    with override(None):  # Django's own labels are compared untranslated, as they are written down
        detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
        changes = detector.changes(graph=loader.graph, trim_to_apps=rooms)
    for room, made in sorted(changes.items()):
        what = "; ".join(operation.describe() for migration in made for operation in migration.operations)
        yield f"{room}: {what}; run `ksdb manage makemigrations {room}`"


def schema_of_gateway() -> Iterator[str]:
    """The gateway refuses to start on a schema that it does not name."""
    from django.db.migrations.loader import MigrationLoader

    from ksdb.gateway.schema import MIGRATIONS

    graph = MigrationLoader(None).graph
    for room, known in MIGRATIONS.items():
        newest = max(name for _, name in graph.leaf_nodes(room))
        if newest != known:
            yield f"the newest migration of {room} is {newest}, the gateway knows {known}; see ksdb/gateway/schema.py"


def translations() -> Iterator[str]:
    """Words without Vietnamese ones, and a catalogue that was not compiled."""
    for line in messages.check(messages.SOURCE, messages.LOCALE, messages.ROOT):
        yield f"{line}; run `python tools/messages.py update`, then translate in the .po and run it again"


def generated_documents() -> Iterator[str]:
    """Documents that say something else than the code."""
    for name in documents.stale():
        yield f"docs/{name} is not what the code says; run `make docs` and commit it"


def vendored_files() -> Iterator[str]:
    """Files others made, held against vendor.lock."""
    listed = {file["path"]: file["sha256"] for file in tomllib.loads((STATIC / "vendor.lock").read_text())["file"]}
    for path, sha256 in listed.items():
        file = STATIC / path
        if not file.exists():
            yield f"{path} is in vendor.lock and not there; put it back, or take its entry out"
        elif hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            yield f"{path} is not the file of vendor.lock; put the released file back, or correct the entry"
    for file in sorted(path for path in (STATIC / "vendor").rglob("*") if path.is_file()):
        if file.relative_to(STATIC).as_posix() not in listed:
            yield f"{file.name} is not in vendor.lock; add name, version, licence and sha256"


def locked_requirements() -> Iterator[str]:
    """What pyproject.toml asks for and the lock does not have."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    have = {_plain(name) for name in locked}
    for requirement in asked:
        name = re.match(r"[\w.-]+", requirement)
        if name and _plain(name[0]) not in have:
            yield f"{requirement} is not in requirements.lock; make the lock anew"


def _plain(name: str) -> str:
    """A package's name as registries compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


CHECKS = (migrations, schema_of_gateway, translations, generated_documents, vendored_files, locked_requirements)


def main() -> int:
    documents.start_django()
    found = {check.__name__.replace("_", " "): list(check()) for check in CHECKS}
    for name, lines in found.items():
        sys.stdout.write(f"{name}: {'in step' if not lines else f'{len(lines)} to do'}\n")
        sys.stdout.writelines(f"  {line}\n" for line in lines)
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
