"""A ward's file is taken in, looked at, and its columns are named; nothing of it is in the registry yet."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

import msgspec
from django.db import transaction

from ksdb.audit.actions import record
from ksdb.core.clock import now
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.names import stored_name
from ksdb.core.scope import Permission, Scope
from ksdb.places.models import Division
from ksdb.places.queries import covers
from ksdb.registry.actions.importing import ImportBroken
from ksdb.registry.headings import Column, is_left_aside
from ksdb.registry.models import Import, ImportShape
from ksdb.registry.plans import shape_of, stored_plan
from ksdb.registry.preparing import PreparingBroken
from ksdb.registry.previews import look_path, sample_path, write_private
from ksdb.registry.probing import Asked, Look, looked_at
from ksdb.registry.queries import columns_needed, import_of, imports_dir
from ksdb.registry.reading import FileTooLarge, most_bytes

SUFFIXES = (".xlsx", ".csv")
BROKEN_OFF = frozenset({ImportBroken.code, PreparingBroken.code})
"""Failures that are none of the list's, so that it may be gone on with."""
Status = Import.Status


class FileKindUnknown(KsdbError):
    """Only .xlsx and .csv files can be imported. Open the list in Excel and save it as an Excel Workbook (.xlsx)."""

    code = "file_kind_unknown"
    status = 422


class ImportHasBegun(KsdbError):
    """This list is being imported, or has been. Upload the file again if it must be read in another way."""

    code = "import_has_begun"
    status = 409


class ColumnsNeeded(KsdbError):
    """It is not yet said which column holds the name, the date of birth or the group. Name the columns first."""

    code = "columns_needed"
    status = 409


def start_import(scope: Scope, division_id: int, file_name: str, content: bytes | Path) -> Import:
    """Keeps the file and queues its import into a division of the jurisdiction; `run_import` brings it in."""
    blocks = _blocks_of(content) if isinstance(content, Path) else [content]
    source = _taken(scope, division_id, file_name, blocks)
    source.status = Status.QUEUED
    source.save(update_fields=["status"])
    return source


def _blocks_of(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(1 << 20), b"")


def take_list(scope: Scope, division_id: int, file_name: str, blocks: Iterable[bytes]) -> Import:
    """Keeps the file and looks at it; what is seen, and remembered of files of this shape, becomes its plan.

    A file that cannot be read makes a FAILED import with a code.
    """
    source = _taken(scope, division_id, file_name, blocks)
    return _looked_at(source, Asked())


def look_again(scope: Scope, import_id: int, asked: Asked) -> Import:
    """Reads the file in another encoding, with another separator or heading row; recognised columns are named anew."""
    return _looked_at(_open_list(scope, import_id), asked)


def _looked_at(source: Import, asked: Asked) -> Import:
    try:
        look = looked_at(imports_dir() / source.file_path, asked)
    except KsdbError as fault:
        source.status, source.failure, source.finished_at = Status.FAILED, fault.code, now()
        source.save()
        return source
    shape = ImportShape.objects.filter(division_id=source.division_id, headings_sha256=shape_of(look.texts)).first()
    columns = shape.columns if shape else look.plan.columns
    kept = msgspec.structs.replace(look, is_remembered=shape is not None)
    write_private(look_path(imports_dir(), source.pk), kept)
    source.plan = msgspec.to_builtins(msgspec.structs.replace(look.plan, columns=columns))
    source.status, source.preview, source.row_count = Status.DRAFT, None, look.row_estimate
    source.save()
    return source


def begin_check(scope: Scope, import_id: int, columns: Mapping[Column, int] | None = None) -> Import:
    """The list waits to be checked, its columns as named, which is remembered for the unit's next file of this shape.

    Raises ColumnsNeeded, ImportHasBegun.
    """
    source = _open_list(scope, import_id)
    plan = stored_plan(source.plan)
    if columns is not None:
        plan = msgspec.structs.replace(plan, columns={column.value: place for column, place in columns.items()})
        _remember(scope, source, plan.columns)
    if any(column not in plan.positions for column in columns_needed(scope, source)):
        raise ColumnsNeeded
    source.plan, source.status, source.preview = msgspec.to_builtins(plan), Status.CHECKING, None
    source.save()
    return source


def needs_a_person(scope: Scope, source: Import) -> bool:
    """Whether somebody must look at the columns before the list is checked."""
    look, plan = _look(source), stored_plan(source.plan)
    if any(column not in plan.positions for column in columns_needed(scope, source)) or not look.is_certain:
        return True
    named = set(plan.columns.values())
    strange = [text for place, text in enumerate(look.texts) if place not in named and not is_left_aside(text)]
    return bool(strange) and not look.is_remembered


def _look(source: Import) -> Look:
    return msgspec.json.decode(look_path(imports_dir(), source.pk).read_bytes(), type=Look)


def _remember(scope: Scope, source: Import, columns: Mapping[str, int]) -> None:
    shape = shape_of(_look(source).texts)
    said = {"columns": dict(columns), "changed_by_id": scope.actor_id, "changed_at": now()}
    ImportShape.objects.update_or_create(division=source.division, headings_sha256=shape, defaults=said)


def begin_import(scope: Scope, import_id: int) -> Import:
    """The list that was checked waits to be brought in. Raises ImportHasBegun."""
    source = import_of(scope, import_id)
    if Import.objects.filter(pk=source.pk, status=Status.CHECKED).update(status=Status.QUEUED) != 1:
        raise ImportHasBegun
    return import_of(scope, import_id)


def resume_list(scope: Scope, import_id: int) -> Import:
    """A list whose check or import broke off waits to go on behind its last row. Raises ImportHasBegun for others."""
    source = import_of(scope, import_id)
    begun = source.preview is not None or source.resume_row > 0 or source.plan is None
    found = Import.objects.filter(pk=source.pk, status=Status.FAILED, failure__in=BROKEN_OFF)
    status = Status.QUEUED if begun else Status.CHECKING
    if found.update(status=status, failure="", finished_at=None) != 1:
        raise ImportHasBegun
    record(scope, "registry:list:resume", ("import", source.pk), detail={"row": source.resume_row})
    return import_of(scope, import_id)


@transaction.atomic
def discard_list(scope: Scope, import_id: int) -> None:
    """Forgets a list that was not imported, and deletes what was made of it; the file too if no other import has it."""
    source = _open_list(scope, import_id, Status.FAILED)
    if source.resume_row:
        raise ImportHasBegun
    record(scope, "registry:list:discard", ("import", source.pk), detail={"sha256": source.file_sha256})
    paths = [look_path(imports_dir(), source.pk), sample_path(imports_dir(), source.pk)]
    if not Import.objects.filter(file_path=source.file_path).exclude(pk=source.pk).exists():
        paths.append(imports_dir() / source.file_path)
    source.delete()
    for path in paths:
        path.unlink(missing_ok=True)


def _open_list(scope: Scope, import_id: int, *more: Status) -> Import:
    source = import_of(scope, import_id)
    if source.status not in {Status.DRAFT, Status.CHECKED, *more}:
        raise ImportHasBegun
    return source


def _taken(scope: Scope, division_id: int, file_name: str, blocks: Iterable[bytes]) -> Import:
    if not covers(scope, Permission.REGISTRY_IMPORT_RUN, division_id):
        raise NotAllowed
    if Division.objects.filter(pk=division_id, kind=Division.Kind.GROUP).exists():
        raise NotFound
    suffix = Path(file_name).suffix.lower()
    if suffix not in SUFFIXES:
        raise FileKindUnknown
    return _recorded(scope, division_id, stored_name(Path(file_name).name)[-200:], _kept(blocks, suffix))


@transaction.atomic
def _recorded(scope: Scope, division_id: int, file_name: str, path: Path) -> Import:
    source = Import.objects.create(
        division_id=division_id,
        file_name=file_name,
        file_path=path.name,
        file_sha256=path.stem,
        status=Status.DRAFT,
        created_by_id=scope.actor_id,
        created_at=now(),
    )
    detail = {"division": division_id, "sha256": path.stem}
    record(scope, Permission.REGISTRY_IMPORT_RUN, subject=("import", source.pk), detail=detail)
    return source


def _kept(blocks: Iterable[bytes], suffix: str) -> Path:
    """The file under the name of its content, readable by this user only. Never in memory as a whole."""
    folder = imports_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f"{uuid4().hex}.part"
    part.touch(mode=0o600)
    digest, size = hashlib.sha256(), 0
    try:
        with part.open("wb") as file:
            for block in blocks:
                size += len(block)
                if size > most_bytes(suffix):
                    raise FileTooLarge
                digest.update(block)
                file.write(block)
        return part.replace(folder / f"{digest.hexdigest()}{suffix}")
    finally:
        part.unlink(missing_ok=True)
