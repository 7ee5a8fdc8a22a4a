"""A long CSV file is prepared in a process of its own: the same comes out, and neither process outlives the other."""

import multiprocessing
from datetime import date
from pathlib import Path

import pytest
from tests.registry.test_resuming import long_list

from ksdb.registry import preparing
from ksdb.registry.communes import Commune
from ksdb.registry.preparing import CHUNK_ROWS, Chunk, PreparingBroken, Task, prepared_chunks
from ksdb.registry.reading import FileUnreadable, read_list

TODAY = date(2026, 11, 1)
ROWS = 2 * CHUNK_ROWS + 200


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """Without sealing, which is different each time."""
    path = tmp_path / "ds.csv"
    path.write_bytes(long_list(ROWS))
    return Task(path, None, (Commune(1, "Phường Hương Vân"),), TODAY, ({1: b"k" * 32}, b"m" * 32), seals=False)


@pytest.fixture
def aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "ROWS_WORTH_A_PROCESS", ROWS)


def chunks(task: Task, after_row: int = 0) -> list[Chunk]:
    return list(prepared_chunks(task, read_list(task.path, task.plan), after_row))


def test_the_same_comes_out_of_the_other_process(task: Task, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first row, and behind any other."""
    here = {after: chunks(task, after) for after in (0, CHUNK_ROWS + 7)}
    assert [len(chunk.raws) for chunk in here[0]] == [CHUNK_ROWS, CHUNK_ROWS, 200]
    monkeypatch.setattr(preparing, "_chunks", None)  # nothing more of it in this process
    monkeypatch.setattr(preparing, "ROWS_WORTH_A_PROCESS", ROWS)
    for after, expected in here.items():
        assert chunks(task, after) == expected
    assert multiprocessing.active_children() == []


def test_the_death_of_the_other_process_is_told(task: Task, aside: None) -> None:
    reading = prepared_chunks(task, read_list(task.path, task.plan))
    assert next(reading).last_row == CHUNK_ROWS + 1
    (other,) = multiprocessing.active_children()
    other.kill()
    with pytest.raises(PreparingBroken):
        list(reading)


def test_the_other_process_ends_when_nobody_takes_what_it_prepares(task: Task, aside: None) -> None:
    reading = prepared_chunks(task, read_list(task.path, task.plan))
    next(reading)
    reading.close()  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_what_cannot_be_read_there_is_told_here(task: Task, aside: None) -> None:
    listed = read_list(task.path, task.plan)
    task.path.write_bytes(b"\n".join([b"a,b", *([b"1,2"] * ROWS)]))
    with pytest.raises(FileUnreadable):
        list(prepared_chunks(task, listed))
