"""Writes of the registry: a ward's list is taken in, and brought into the tables."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice
from pathlib import Path

import msgspec
import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.utils.translation import gettext

from ksdb.audit.actions import record, record_many
from ksdb.audit.erasing import erase_files, files_before
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.errors import KsdbError, NotAllowed, NotFound
from ksdb.core.names import stored_name
from ksdb.core.scope import Permission, Purpose, Scope
from ksdb.places.actions import ensure_group
from ksdb.places.models import Division
from ksdb.places.queries import covers, inside
from ksdb.postgres.named import sql
from ksdb.registry import rotating
from ksdb.registry.checking import CheckedRow, Checker
from ksdb.registry.communes import Commune, Communes
from ksdb.registry.correcting import CorrectionFile
from ksdb.registry.headings import REQUIRED, Column, HeadingMissing
from ksdb.registry.matching import Verdict
from ksdb.registry.models import Import, ImportProblem, Resident
from ksdb.registry.probing import require_bearable
from ksdb.registry.problems import Code, Problem
from ksdb.registry.queries import import_of, imports_dir, residents_to_export
from ksdb.registry.reading import MAX_FILE_BYTES, FileTooLarge, RawRow, read_list
from ksdb.registry.sealing import remember_keys, sealer_of_now
from ksdb.registry.storing import ROOM, Placed, Store
from ksdb.web.exporting import MOST_ROWS, FileKind, Table, Written, write_table

CHUNK_ROWS = 5_000
ATTEMPTS = 3
SUFFIXES = (".xlsx", ".csv")

Progress = Callable[[int, int], None]
ByRow = Mapping[int, Sequence[Problem]]


class FileKindUnknown(KsdbError):
    """Only .xlsx and .csv files can be imported. Open the list in Excel and save it as an Excel Workbook (.xlsx)."""

    code = "file_kind_unknown"
    status = 422


class ImportIsRunning(KsdbError):
    """This import is running already. Wait until it is done."""

    code = "import_is_running"
    status = 409


class ImportBroken(KsdbError):
    """The import stopped on an error of the database. Nothing is lost: start it again, and it goes on from there."""

    code = "import_broken"


def start_import(scope: Scope, division_id: int, file_name: str, content: bytes | Path) -> Import:
    """Keeps the file and queues its import into a division of the jurisdiction; `run_import` brings it in."""
    if not covers(scope, Permission.REGISTRY_IMPORT_RUN, division_id):
        raise NotAllowed
    if Division.objects.filter(pk=division_id, kind=Division.Kind.GROUP).exists():
        raise NotFound
    suffix = Path(file_name).suffix.lower()
    if suffix not in SUFFIXES:
        raise FileKindUnknown
    data = content.read_bytes() if isinstance(content, Path) else content
    if len(data) > MAX_FILE_BYTES:
        raise FileTooLarge
    return _queued(scope, division_id, stored_name(Path(file_name).name)[-200:], _kept(data, suffix))


@transaction.atomic
def _queued(scope: Scope, division_id: int, file_name: str, path: Path) -> Import:
    source = Import.objects.create(
        division_id=division_id,
        file_name=file_name,
        file_path=path.name,
        file_sha256=path.stem,
        created_by_id=scope.actor_id,
        created_at=now(),
    )
    detail = {"division": division_id, "sha256": path.stem}
    record(scope, Permission.REGISTRY_IMPORT_RUN, subject=("import", source.pk), detail=detail)
    return source


def _kept(data: bytes, suffix: str) -> Path:
    """The file under the name of its content, readable by this user only."""
    folder = imports_dir()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{hashlib.sha256(data).hexdigest()}{suffix}"
    if not path.exists():
        part = path.with_suffix(".part")
        part.touch(mode=0o600)
        part.write_bytes(data)
        part.replace(path)
    return path


def run_import(scope: Scope, import_id: int, progress: Progress | None = None) -> Import:
    """Brings the file in, and says of each row what became of it.

    May be run again after a crash: who was brought in before counts as imported, and nobody is registered twice.
    A file that cannot be read makes the import FAILED with a code. Raises ImportIsRunning, ImportBroken.
    """
    scope.require(Permission.REGISTRY_IMPORT_RUN)
    source = import_of(scope, import_id)
    if source.status == Import.Status.DONE:
        return source
    with _running_alone(source):
        try:
            _begin(source)
            _bring_in(scope, source, progress)
        except KsdbError as fault:
            _fail(source, fault)
        except (DatabaseError, psycopg.Error) as error:
            _fail(source, ImportBroken())
            raise ImportBroken(getattr(error, "sqlstate", None)) from None  # its text may hold rows of the file
        record(scope, Permission.REGISTRY_IMPORT_RUN, subject=("import", source.pk), detail=_figures(source))
    return source


class Rotation(msgspec.Struct, frozen=True):
    """What came of a rotation: the version that seals now, residents sealed anew, and versions nothing needs now."""

    newest: int
    resealed: int
    unneeded: tuple[int, ...]


def rotate_seal_key(scope: Scope, progress: Progress | None = None, *, makes_key: bool = True) -> Rotation:
    """Makes a new seal key and seals every ID number and phone anew under it, in batches.

    Where values under an older key are left, no key is made: the rotation that was broken off is gone on with.
    Raises SealKeyNeeded when this machine cannot make the key.
    """
    if not scope.is_system:
        raise NotAllowed
    newest = max(settings().seal_keys())
    if makes_key and set(rotating.versions_in_use()) <= {newest}:
        newest = rotating.make_newest_key()
        record(scope, "registry:seal_key:make", detail={"version": newest})
    sealer_of_now()
    remember_keys()
    total, resealed = rotating.count_under_older_keys(), 0
    for count in rotating.seal_anew():
        resealed += count
        if progress:
            progress(resealed, max(total, resealed))
    used = rotating.versions_in_use()
    record(scope, "registry:seal_key:rotate", detail={"version": newest, "residents": resealed})
    return Rotation(newest, resealed, tuple(sorted(set(settings().seal_keys()) - set(used) - {newest})))


@contextmanager
def _running_alone(source: Import) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(sql(ROOM, "try_lock_import"), {"import_id": source.pk})
        if not cursor.fetchone()[0]:
            raise ImportIsRunning
        try:
            yield
        finally:
            cursor.execute(sql(ROOM, "unlock_import"), {"import_id": source.pk})


@transaction.atomic
def _begin(source: Import) -> None:
    ImportProblem.objects.filter(source=source).delete()
    source.status = Import.Status.RUNNING
    source.failure = source.missing_columns = source.found_headings = source.rejected_path = ""
    source.row_count = source.imported_count = source.known_count = source.rejected_count = source.warned_count = 0
    source.finished_at = None
    source.save()


def _fail(source: Import, fault: KsdbError) -> None:
    source.status, source.failure, source.finished_at = Import.Status.FAILED, fault.code, now()
    if isinstance(fault, HeadingMissing):
        source.missing_columns = " ".join(fault.missing)
        source.found_headings = "\n".join(fault.found)
    source.save()


def _figures(source: Import) -> dict[str, object]:
    names = ("status", "failure", "row_count", "imported_count", "known_count", "rejected_count")
    return {name: getattr(source, name) for name in names}


def _bring_in(scope: Scope, source: Import, progress: Progress | None) -> None:
    communes = _communes(source.division)
    file = imports_dir() / source.file_path
    if file.suffix == ".xlsx":
        require_bearable(file)
    listed = read_list(file)
    listed.heading.require([*REQUIRED, *([] if communes.only else [Column.COMMUNE])])
    path = imports_dir() / f"{source.pk}-rejected.xlsx"
    source.row_count = listed.row_estimate
    with CorrectionFile(path, listed.heading) as corrections:
        run = _Run(source, Checker(listed.heading, communes, today()), _Groups(scope, communes), corrections)
        if listed.has_other_sheets:
            run.say(Problem(0, None, Code.SHEET_LEFT_OUT))
        for chunk in _chunks(listed.rows):
            run.take(chunk)
            if progress:
                progress(source.done_count, max(listed.row_estimate, source.done_count))
    _finish(source, path)


def _finish(source: Import, path: Path) -> None:
    if source.imported_count:
        with connection.cursor() as cursor:
            cursor.execute(sql(ROOM, "analyze_registry"))
    if source.rejected_count or source.warned_count:
        source.rejected_path = path.name
    else:
        path.unlink()
    source.row_count = source.done_count
    source.status, source.finished_at = Import.Status.DONE, now()
    source.save()


def _communes(division: Division) -> Communes:
    """The communes of the division, in its own structure."""
    found = Division.objects.filter(kind=Division.Kind.COMMUNE, valid_from=division.valid_from)
    found = found.filter(**inside(division.pk, "pk"))
    return Communes(Commune(pk, name) for pk, name in found.values_list("pk", "name"))


def _chunks(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    while chunk := list(islice(rows, CHUNK_ROWS)):
        yield chunk


class _Groups:
    """The residential groups of the rows, by commune and name; those that are new are made."""

    def __init__(self, scope: Scope, communes: Communes) -> None:
        self._scope = scope
        self._communes = Division.objects.in_bulk([commune.id for commune in communes.all])
        self._known: dict[tuple[int, str], int] = {}

    def placed(self, row: CheckedRow) -> Placed:
        key = row.commune.id, row.group.lower()
        if key not in self._known:
            self._known[key] = self._ensured(row)
        return Placed(row, self._known[key])

    @transaction.atomic
    def _ensured(self, row: CheckedRow) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql(ROOM, "lock_registry"))
        return ensure_group(self._scope, self._communes[row.commune.id], row.group).pk


class _Run:
    """One import under way: a chunk is stored, counted and spoken of together, or not at all."""

    def __init__(self, source: Import, checker: Checker, groups: _Groups, corrections: CorrectionFile) -> None:
        self._source, self._checker, self._groups, self._corrections = source, checker, groups, corrections
        self._store = Store(source.pk, sealer_of_now(), now())

    def say(self, problem: Problem) -> None:
        with connection.cursor() as cursor:
            self._store.keep_problems(cursor.cursor, [problem])

    def take(self, chunk: Sequence[RawRow]) -> None:
        checks = [self._checker.check(raw) for raw in chunk]
        placed = [self._groups.placed(row) for row, _ in checks if row]
        problems = [problem for _, found in checks for problem in found]
        found = self._settled(placed, problems, len(chunk))
        self._source.refresh_from_db()
        for raw in chunk:
            if raw.number in found:
                self._corrections.keep(raw, found[raw.number])

    def _settled(self, placed: Sequence[Placed], problems: Sequence[Problem], row_count: int) -> ByRow:
        """Somebody registered elsewhere at this moment makes a chunk fail; tried again, it finds the person known."""
        for _ in range(ATTEMPTS - 1):
            with suppress(psycopg.errors.UniqueViolation):
                return self._stored(placed, problems, row_count)
        return self._stored(placed, problems, row_count)

    @transaction.atomic
    def _stored(self, placed: Sequence[Placed], problems: Sequence[Problem], row_count: int) -> ByRow:
        with connection.cursor() as cursor:
            verdicts = self._store.take(cursor.cursor, placed)
            found = _by_row([*problems, *(verdict.problem for verdict in verdicts if verdict.problem)])
            self._store.keep_problems(cursor.cursor, chain.from_iterable(found.values()))
        self._count(verdicts, found, row_count)
        return found

    def _count(self, verdicts: Sequence[Verdict], found: ByRow, row_count: int) -> None:
        """Whom an earlier, broken run of this import brought in is counted as imported."""
        mine = sum(verdict.is_new or verdict.is_known_from(self._source.pk) for verdict in verdicts)
        rejected = sum(any(problem.is_rejection for problem in said) for said in found.values())
        Import.objects.filter(pk=self._source.pk).update(
            row_count=self._source.row_count,
            imported_count=F("imported_count") + mine,
            known_count=F("known_count") + row_count - mine - rejected,
            rejected_count=F("rejected_count") + rejected,
            warned_count=F("warned_count") + len(found) - rejected,
        )


def _by_row(problems: Iterable[Problem]) -> ByRow:
    found: defaultdict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        found[problem.row].append(problem)
    return found


@dataclass(frozen=True)
class Asked:
    """Why a list is taken out, and in which form."""

    purpose: Purpose
    reason: str
    kind: FileKind


def export_residents(scope: Scope, division_id: int, asked: Asked) -> Written:
    """Takes out the residents of a commune or a residential group; each of them stands in the trail.

    Raises NotFound outside the jurisdiction. No ID number and no phone is in it.
    """
    residents = residents_to_export(scope, division_id)
    found = residents.count()
    listed = list(residents[: MOST_ROWS + 1])
    rows = [_exported(one) for one in listed]
    facts = [(gettext("Purpose"), asked.purpose.value), (gettext("Reason"), asked.reason)]
    facts += [(gettext("Account"), str(scope.actor_id)), (gettext("Time"), f"{now():%Y-%m-%dT%H:%M:%SZ}")]
    with transaction.atomic():
        written = write_table(Table(gettext("Residents"), _export_headings(), rows, found, facts), asked.kind)
        subjects = [("resident", one.pk) for one in listed]
        detail = {"division": division_id, "rows": written.count, "sha256": written.sha256}
        record_many(scope, Permission.REGISTRY_RESIDENT_EXPORT, subjects, asked.purpose, detail)
        whole = {**detail, "reason": asked.reason, "found": found, "file": asked.kind.suffix}
        record(scope, "registry:list:export", ("division", division_id), asked.purpose, whole)
    return written


def _export_headings() -> list[str]:
    words = (
        gettext("Full name"),
        gettext("Born on"),
        gettext("Year of birth"),
        gettext("Sex"),
        gettext("Household number"),
        gettext("Relation to the head"),
        gettext("Residential group"),
        gettext("Address"),
        gettext("Resident number"),
    )
    return list(words)


def _exported(one: Resident) -> tuple[str | int, ...]:
    home = one.household
    sexes = {Resident.Sex.FEMALE: gettext("female"), Resident.Sex.MALE: gettext("male")}
    return (
        one.full_name,
        f"{one.born_on:%d/%m/%Y}" if one.born_on else "",
        one.birth_year,
        sexes.get(Resident.Sex(one.sex), "") if one.sex else "",
        home.book_number if home else "",
        one.relation,
        one.division.name,
        home.address if home else "",
        one.pk,
    )


def erase_lists(scope: Scope) -> int:
    """Deletes uploaded lists and correction files that are older than the setting says; returns how many."""
    scope.require(Permission.REGISTRY_IMPORT_RUN)
    old = files_before(imports_dir(), now() - timedelta(days=settings().file_days))
    count = erase_files(scope, "registry:list:erase", old)
    Import.objects.filter(rejected_path__in=[path.name for path in old]).update(rejected_path="")
    return count
