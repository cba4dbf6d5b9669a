"""A table of numbers in files that all processes of a host map into memory."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

#: Rows that are read from the database at once, up to 3.4 KB each.
CHUNK = 2000
#: Of the rows that are there already, so many are compared with the database.
COMPARED = 16
#: Tables that a process keeps open: the one in use and the one that it replaces, of each kind.
OPEN = 6
#: A table that nobody opened for so long is deleted; it is rebuilt where it is missed.
UNUSED_SECONDS = 30 * 24 * 3600

#: The numbers of each column by its name, ``(n, width)``, or ``(n,)`` to write a width of 1.
Numbers = Mapping[str, NDArray[Any]]
#: From a start and an end to the positions between that are taken ``(n,)``, and what is there.
ReadRows = Callable[[int, int], tuple[NDArray[np.int64], Numbers]]


class Column(NamedTuple):
    """A file of a table: the kind of its numbers, and how many a row has.

    ``vacant`` is the row where nothing was filled in, if zeros would mean something.
    """

    name: str
    kind: type[np.number[Any]]
    width: int
    vacant: tuple[float, ...] | None = None

    @property
    def row_bytes(self) -> int:
        return np.dtype(self.kind).itemsize * self.width

    def fit(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return the numbers of rows as ``(n, width)``."""
        return numbers.reshape(-1, self.width)


class TableFile:
    """A folder with a file for each column, and the length.

    Rows are only ever added. Whoever finds that some are missing adds them, under a lock; the
    length is written last, so that a table that is being extended looks as it was before. Where
    the database holds other rows than the table, a backup was restored say, all are read again.
    """

    def __init__(self, folder: Path, columns: tuple[Column, ...]) -> None:
        self.folder = folder
        self.columns = columns
        self.length_file = folder / "length"
        self.lock = FileLock(folder / "lock")
        self.length = 0
        self.mapped = self._map("r", 0)

    def read(self, length: int, read_rows: ReadRows) -> Numbers:
        """Return the columns with at least ``length`` rows; those that the table lacks are read
        and added."""
        if self.length != length:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.lock:
                start = self._read_length()
                if not self._agrees(min(start, length), read_rows):
                    start = 0
                if start < length:
                    self._write(start, length, read_rows)
                    self.length_file.write_text(str(length))
                self.length = max(start, length)
                self.mapped = self._map("r", self.length)
        return self.mapped

    def _path(self, column: Column) -> Path:
        return self.folder / column.name

    def _read_length(self) -> int:
        """Return the rows that are there; none if files were deleted or cut short."""
        try:
            length = int(self.length_file.read_text())
            sizes = [self._path(column).stat().st_size for column in self.columns]
        except (FileNotFoundError, ValueError):
            return 0
        complete = all(
            size >= length * column.row_bytes
            for column, size in zip(self.columns, sizes, strict=True)
        )
        return length if complete else 0

    def _agrees(self, length: int, read_rows: ReadRows) -> bool:
        """Return whether the last rows that the database has of these are those of the table."""
        if length == 0:
            return True
        positions, rows = read_rows(max(0, length - COMPARED), length)
        mapped = self._map("r", length)
        return all(
            np.array_equal(mapped[column.name][positions], column.fit(rows[column.name]))
            for column in self.columns
        )

    def _write(self, start: int, length: int, read_rows: ReadRows) -> None:
        if start == 0:
            # Others may have mapped what was there.
            for path in (self.length_file, *map(self._path, self.columns)):
                path.unlink(missing_ok=True)
        for column in self.columns:
            with self._path(column).open("ab") as file:
                file.truncate(length * column.row_bytes)
        mapped = self._map("r+", length)
        for low in range(start, length, CHUNK):
            high = min(low + CHUNK, length)
            positions, rows = read_rows(low, high)
            for column in self.columns:
                array = mapped[column.name]
                if column.vacant is not None:
                    array[low:high] = column.vacant
                array[positions] = column.fit(rows[column.name])
        for array in mapped.values():
            array.flush()

    def _map(self, mode: Literal["r", "r+"], length: int) -> dict[str, Any]:
        return {
            column.name: np.memmap(
                self._path(column), column.kind, mode, shape=(length, column.width)
            )
            if length
            else np.empty((0, column.width), column.kind)
            for column in self.columns
        }


@lru_cache(maxsize=OPEN)
def open_table(folder: Path, columns: tuple[Column, ...]) -> TableFile:
    """Return the table in a folder, mapped once a process; tables that nobody opens any more go."""
    if (folder / "length").exists():
        os.utime(folder / "length")
    oldest = time.time() - UNUSED_SECONDS
    for other in folder.parent.glob("*/length"):
        if other.stat().st_mtime < oldest:
            shutil.rmtree(other.parent, ignore_errors=True)
    return TableFile(folder, columns)
