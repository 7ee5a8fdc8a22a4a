"""A list is checked for its preview, and brought into the tables: a chunk at a time, each wholly or not at all."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import chain

import msgspec
import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.models import F

from ksdb.audit.actions import record
from ksdb.config import settings
from ksdb.core.clock import now, today
from ksdb.core.errors import KsdbError
from ksdb.core.scope import Permission, Scope
from ksdb.places.actions import ensure_group
from ksdb.places.models import Division
from ksdb.postgres.named import sql
from ksdb.registry.checking import CheckedRow
from ksdb.registry.correcting import CorrectionFile
from ksdb.registry.forecasting import Forecast
from ksdb.registry.headings import Column, HeadingMissing
from ksdb.registry.matching import Verdict
from ksdb.registry.models import Import, ImportProblem
from ksdb.registry.plans import stored_plan
from ksdb.registry.preparing import Chunk, Task, prepared_chunks, raw_chunks
from ksdb.registry.previews import sample_path, write_private
from ksdb.registry.probing import require_bearable
from ksdb.registry.problems import Code, Problem
from ksdb.registry.queries import columns_needed, communes_of, import_of, imports_dir
from ksdb.registry.reading import RawList, RawRow, read_list
from ksdb.registry.sealing import sealer_of_now
from ksdb.registry.storing import ROOM, Placed, Store

ATTEMPTS = 3
Status = Import.Status

Progress = Callable[[int, int], None]
ByRow = Mapping[int, Sequence[Problem]]


class ImportIsRunning(KsdbError):
    """This import is running already. Wait until it is done."""

    code = "import_is_running"
    status = 409


class ImportBroken(KsdbError):
    """The import stopped on an error of the database. Nothing is lost: start it again, and it goes on from there."""

    code = "import_broken"


def run_import(scope: Scope, import_id: int, progress: Progress | None = None) -> Import:
    """Brings the file in, and says of each row what became of it.

    May be run again after a crash: it goes on behind the last row that was done, with the counts as they were. A file
    that cannot be read makes the import FAILED with a code. Raises ImportIsRunning, ImportBroken.
    """
    scope.require(Permission.REGISTRY_IMPORT_RUN)
    source = import_of(scope, import_id)
    if source.status == Status.DONE:
        return source
    with _running_alone(source):
        source.refresh_from_db()
        with _failing(source):
            _begin(source)
            _bring_in(scope, source, progress)
        record(scope, Permission.REGISTRY_IMPORT_RUN, subject=("import", source.pk), detail=_figures(source))
    return source


def check_list(scope: Scope, import_id: int, progress: Progress | None = None) -> Import:
    """Goes through the whole list and keeps what an import would come to; writes nothing of it into the registry."""
    scope.require(Permission.REGISTRY_IMPORT_RUN)
    source = import_of(scope, import_id)
    if source.status != Status.CHECKING:
        return source
    with _running_alone(source), _failing(source):
        _check(scope, source, progress)
    return source


def resume_broken(scope: Scope) -> list[Import]:
    """Imports and checks that were under way when their worker ended: nobody runs them, and somebody should."""
    scope.require(Permission.REGISTRY_IMPORT_RUN)
    under_way = Import.objects.filter(status__in=[Status.CHECKING, Status.RUNNING])
    return [source for source in under_way if _is_left(source)]


def _is_left(source: Import) -> bool:
    try:
        with _running_alone(source):
            return True
    except ImportIsRunning:
        return False


@contextmanager
def _failing(source: Import) -> Iterator[None]:
    try:
        yield
    except KsdbError as fault:
        _fail(source, fault)
    except (DatabaseError, psycopg.Error) as error:
        _fail(source, ImportBroken())
        raise ImportBroken(getattr(error, "sqlstate", None)) from None  # its text may hold rows of the file


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
    """From the first row, or, where an earlier run was broken off, from the row behind its last chunk."""
    if not source.resume_row:
        ImportProblem.objects.filter(source=source).delete()
        source.imported_count = source.known_count = source.rejected_count = source.warned_count = 0
        source.row_count = 0
    source.status = Status.RUNNING
    source.failure = source.missing_columns = source.found_headings = source.rejected_path = ""
    source.finished_at = None
    source.save()


def _fail(source: Import, fault: KsdbError) -> None:
    source.refresh_from_db()
    source.status, source.failure, source.finished_at = Status.FAILED, fault.code, now()
    if isinstance(fault, HeadingMissing):
        source.missing_columns = " ".join(fault.missing)
        source.found_headings = "\n".join(fault.found)
    source.save()


def _figures(source: Import) -> dict[str, object]:
    names = ("status", "failure", "row_count", "imported_count", "known_count", "rejected_count")
    return {name: getattr(source, name) for name in names}


def _opened(scope: Scope, source: Import, *, seals: bool) -> tuple[Task, RawList]:
    """The list at its first row, with what is needed to prepare it. Raises the KsdbError that says why it cannot."""
    communes = communes_of(scope, source.division)
    path = imports_dir() / source.file_path
    plan = stored_plan(source.plan) if source.plan else None
    if path.suffix == ".xlsx":
        require_bearable(path)
    listed = read_list(path, plan)
    listed.heading.require(columns_needed(scope, source))
    sealer_of_now()
    keys = (dict(settings().seal_keys()), settings().secret("match_key"))
    return Task(path, plan, communes.all, today(), keys, seals), listed


def _check(scope: Scope, source: Import, progress: Progress | None) -> None:
    task, listed = _opened(scope, source, seals=False)
    forecast = Forecast(source.pk, _Groups(scope, task))
    ImportProblem.objects.filter(source=source).delete()
    for chunk in prepared_chunks(task, listed):
        with connection.cursor() as cursor:
            forecast.take(cursor.cursor, chunk)
        source.row_count = max(listed.row_estimate, forecast.row_count)
        Import.objects.filter(pk=source.pk).update(row_count=source.row_count, known_count=forecast.row_count)
        if progress:
            progress(forecast.row_count, source.row_count)
    write_private(sample_path(imports_dir(), source.pk), forecast.sample)
    source.preview = msgspec.to_builtins(forecast.preview())
    source.status, source.row_count, source.known_count = Status.CHECKED, forecast.row_count, 0
    source.save()


def _bring_in(scope: Scope, source: Import, progress: Progress | None) -> None:
    task, listed = _opened(scope, source, seals=True)
    path = imports_dir() / f"{source.pk}-rejected.xlsx"
    source.row_count = max(listed.row_estimate, source.done_count)
    with CorrectionFile(path, listed.heading) as corrections:
        run = _Run(source, _Groups(scope, task), corrections)
        if source.resume_row:
            run.pass_over(read_list(task.path, task.plan).rows)
        elif listed.has_other_sheets:
            run.say(Problem(0, None, Code.SHEET_LEFT_OUT))
        for chunk in prepared_chunks(task, listed, source.resume_row):
            run.take(chunk)
            if progress:
                progress(source.done_count, max(listed.row_estimate, source.done_count))
    _finish(source)


def _finish(source: Import) -> None:
    file = imports_dir() / f"{source.pk}-rejected.xlsx"
    if source.imported_count:
        with connection.cursor() as cursor:
            cursor.execute(sql(ROOM, "analyze_registry"))
    if source.rejected_count or source.warned_count:
        source.rejected_path = file.name
    else:
        file.unlink()
    sample_path(imports_dir(), source.pk).unlink(missing_ok=True)
    source.row_count = source.done_count
    source.status, source.finished_at = Status.DONE, now()
    source.save()


class _Groups:
    """The residential groups of the rows, by commune and name; those that are new are made."""

    def __init__(self, scope: Scope, task: Task) -> None:
        self._scope = scope
        self._communes = Division.objects.in_bulk([commune.id for commune in task.communes])
        self._known: dict[tuple[int, str], int] = {}

    def place(self, chunk: Chunk) -> list[Placed]:
        keys = [(one.row.commune.id, one.row.group.lower()) for one in chunk.prepared]
        named = {key: one.row for key, one in zip(keys, chunk.prepared, strict=True) if key not in self._known}
        if named:
            self._known |= self._ensured(named)
        return [Placed(one, self._known[key]) for key, one in zip(keys, chunk.prepared, strict=True)]

    def foresee(self, row: CheckedRow) -> int | None:
        """The group if there is one already."""
        found = Division.objects.filter(parent_id=row.commune.id, kind=Division.Kind.GROUP, name__iexact=row.group)
        return found.values_list("pk", flat=True).first()

    @transaction.atomic
    def _ensured(self, named: Mapping[tuple[int, str], CheckedRow]) -> dict[tuple[int, str], int]:
        with connection.cursor() as cursor:
            cursor.execute(sql(ROOM, "lock_registry"))
        return {
            key: ensure_group(self._scope, self._communes[row.commune.id], row.group).pk for key, row in named.items()
        }


class _Run:
    """One import under way: a chunk is stored, counted and spoken of together, or not at all."""

    def __init__(self, source: Import, groups: _Groups, corrections: CorrectionFile) -> None:
        self._source, self._groups, self._corrections = source, groups, corrections
        self._store = Store(source.pk, now())

    def say(self, problem: Problem) -> None:
        with connection.cursor() as cursor:
            self._store.keep_problems(cursor.cursor, [problem])

    def pass_over(self, rows: Iterator[RawRow]) -> None:
        """What an earlier run said of its rows goes into the correction file again: that one was not finished."""
        for raws in raw_chunks(rows):
            if raws[0].number > self._source.resume_row:
                return
            last = min(raws[-1].number, self._source.resume_row)
            said = ImportProblem.objects.filter(source=self._source, row_number__range=(raws[0].number, last))
            self._keep(raws, _by_row(_problem(one) for one in said))

    def take(self, chunk: Chunk) -> None:
        found = self._settled(chunk, self._groups.place(chunk))
        self._source.refresh_from_db()
        self._keep(chunk.raws, found)

    def _keep(self, raws: Iterable[RawRow], found: ByRow) -> None:
        for raw in raws:
            if raw.number in found:
                self._corrections.keep(raw, found[raw.number])

    def _settled(self, chunk: Chunk, placed: Sequence[Placed]) -> ByRow:
        """Somebody registered elsewhere at this moment makes a chunk fail; tried again, it finds the person known."""
        for _ in range(ATTEMPTS - 1):
            with suppress(psycopg.errors.UniqueViolation):
                return self._stored(chunk, placed)
        return self._stored(chunk, placed)

    @transaction.atomic
    def _stored(self, chunk: Chunk, placed: Sequence[Placed]) -> ByRow:
        with connection.cursor() as cursor:
            verdicts = self._store.take(cursor.cursor, placed)
            lacking = self._store.give_guardians(cursor.cursor, placed, verdicts, self._source.division_id)
            said = (verdict.problem for verdict in verdicts if verdict.problem)
            found = _by_row([*chunk.problems, *said, *lacking])
            self._store.keep_problems(cursor.cursor, chain.from_iterable(found.values()))
        self._count(chunk, verdicts, found)
        return found

    def _count(self, chunk: Chunk, verdicts: Sequence[Verdict], found: ByRow) -> None:
        new = sum(verdict.is_new for verdict in verdicts)
        rejected = sum(any(problem.is_rejection for problem in said) for said in found.values())
        Import.objects.filter(pk=self._source.pk).update(
            row_count=self._source.row_count,
            resume_row=chunk.last_row,
            imported_count=F("imported_count") + new,
            known_count=F("known_count") + len(chunk.raws) - new - rejected,
            rejected_count=F("rejected_count") + rejected,
            warned_count=F("warned_count") + len(found) - rejected,
        )


def _problem(said: ImportProblem) -> Problem:
    column = Column(said.column) if said.column else None
    return Problem(said.row_number, column, Code(said.code), said.other_row)


def _by_row(problems: Iterable[Problem]) -> ByRow:
    found: defaultdict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        found[problem.row].append(problem)
    return found
