"""The table that the processes of a host share: concurrent growth, and interruptions."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest

from stylesim_app.stores import table_file
from stylesim_app.stores.table_file import Column, Numbers, TableFile

ROOT = Path(__file__).resolve().parents[2]

# Extends a table in steps. The second argument is the row at which the process dies, if any.
EXTEND = """
import os, sys
from pathlib import Path
from tests.unit.test_table_file import STEP, STEPS, open_table, read_rows

def read_or_die(start, stop):
    if start >= int(sys.argv[2]):
        os._exit(7)
    return read_rows(start, stop)

table = open_table(Path(sys.argv[1]))
for step in range(1, STEPS + 1):
    table.read(step * STEP, read_or_die)
"""
STEP = 300
STEPS = 8
NEVER = 10**9


COLUMNS = (
    Column("stored", np.int64, 1),
    Column("wide", np.float32, 64),
    Column("half", np.float16, 3),
    Column("norms", np.float32, 2, vacant=(1e30, 0)),
)


def open_table(folder: Path) -> TableFile:
    return TableFile(folder, COLUMNS)


def read_rows(start: int, stop: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Row ``i`` is of the stored descriptor ``i + 1``, all its numbers are ``i``; each tenth row
    was deleted."""
    positions = np.array([at for at in range(start, stop) if at % 10], np.int64)
    numbers = {
        column.name: np.repeat(positions[:, None], column.width, axis=1).astype(column.kind)
        for column in COLUMNS
    }
    return positions, {**numbers, "stored": positions + 1}


def check(columns: Numbers, length: int) -> None:
    assert {len(array) for array in columns.values()} == {length}
    taken = np.arange(length) % 10 > 0
    rows = np.arange(length)[taken]
    assert np.array_equal(columns["stored"][taken, 0], rows + 1)
    for column in COLUMNS[1:]:
        array = columns[column.name]
        assert array.dtype == column.kind
        expected = np.repeat(rows[:, None], column.width, axis=1)
        assert np.array_equal(array[taken], expected.astype(column.kind))
        assert np.all(array[~taken] == np.array(column.vacant or 0, column.kind))
    assert np.all(columns["stored"][~taken] == 0)


def start_process(folder: Path, dies_at: int = NEVER) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, "-c", EXTEND, str(folder), str(dies_at)], cwd=ROOT, env=environment
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tables" / "one"


def test_rows_are_added_as_they_are_missed(folder):
    table = open_table(folder)
    assert len(table.read(0, read_rows)["stored"]) == 0
    check(table.read(5, read_rows), 5)
    check(table.read(table_file.CHUNK + 7, read_rows), table_file.CHUNK + 7)
    check(open_table(folder).read(12, read_rows), table_file.CHUNK + 7)


def test_what_is_there_is_not_read_again(folder):
    open_table(folder).read(10, read_rows)
    asked = []

    def note(start, stop):
        asked.append((start, stop))
        return read_rows(start, stop)

    other = open_table(folder)
    other.read(10, note)
    other.read(25, note)
    other.read(25, note)
    compared = (0, 10)
    assert asked == [compared, compared, (10, 25)]


@pytest.mark.parametrize("opened_before", [True, False])
@pytest.mark.parametrize("length", [25, 30, 40])
def test_rows_of_a_database_that_was_set_back_are_read_again(folder, opened_before, length):
    """A backup of 20 rows was restored, and others were added than those that were there."""
    table = open_table(folder)
    check(table.read(30, read_rows), 30)
    if not opened_before:
        table = open_table(folder)

    def read_restored(start, stop):
        positions, numbers = read_rows(start, stop)
        numbers["wide"][positions >= 20] += 0.5
        return positions, numbers

    mapped = table.read(length, read_restored)
    if opened_before and length == 30:
        # As long as before: noticed once a row is added, or by who opens it again.
        mapped = table.read(31, read_restored)
    assert len(mapped["stored"]) >= length
    assert mapped["wide"][[19, 21, 24], 0].tolist() == [19, 21.5, 24.5]


def test_a_table_that_is_longer_than_the_database_keeps_what_agrees(folder):
    """As after a restored backup, or where a transaction sees the database as it was."""
    table = open_table(folder)
    check(table.read(30, read_rows), 30)
    check(table.read(20, read_rows), 30)
    check(open_table(folder).read(20, read_rows), 30)


def test_processes_that_extend_it_at_once_agree(folder):
    processes = [start_process(folder) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]
    check(open_table(folder).read(1, read_rows), STEP * STEPS)


def test_a_process_that_dies_half_way_leaves_the_table_as_it_was(folder):
    assert start_process(folder, dies_at=3 * STEP).wait(timeout=60) == 7
    for column in COLUMNS:
        assert (folder / column.name).stat().st_size > 3 * STEP * column.row_bytes
    check(open_table(folder).read(1, read_rows), 3 * STEP)
    check(open_table(folder).read(4 * STEP + 1, read_rows), 4 * STEP + 1)


def test_a_reading_that_fails_leaves_the_table_as_it_was(folder):
    table = open_table(folder)
    check(table.read(20, read_rows), 20)

    def fail(start: int, stop: int) -> NoReturn:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        table.read(40, fail)
    check(table.read(20, read_rows), 20)
    check(table.read(40, read_rows), 40)


def test_a_folder_that_vanished_is_made_again(folder):
    table = open_table(folder)
    mapped = table.read(20, read_rows)
    shutil.rmtree(folder.parent)
    check(mapped, 20)
    check(table.read(20, read_rows), 20)
    check(table.read(30, read_rows), 30)
    check(open_table(folder).read(30, read_rows), 30)


@pytest.mark.parametrize("name", ["length", "stored", "norms"])
def test_a_file_that_is_lost_or_cut_short_is_written_again(folder, name):
    open_table(folder).read(20, read_rows)
    (folder / name).write_bytes(b"")
    check(open_table(folder).read(20, read_rows), 20)
    (folder / name).unlink()
    check(open_table(folder).read(20, read_rows), 20)


def test_tables_that_nobody_opens_are_deleted(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        open_table(folder).read(3, read_rows)
    long_ago = 1_000_000_000
    os.utime(old / "length", (long_ago, long_ago))
    check(table_file.open_table(tmp_path / "another", COLUMNS).read(3, read_rows), 3)
    assert not old.exists()
    assert new.exists()
