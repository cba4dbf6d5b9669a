"""A table of compact descriptors in files that all processes of a host map into memory."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from ..core.bounds import CompactTable
from ..core.compression import RECORD_SIZE, SIZES, CompactDescriptor
from ..core.descriptors import LAYERS

#: Rows that are read from the database at once, 3.4 KB each.
CHUNK = 2000
#: A square so large that a row that was never filled is far from everything.
VACANT = 1e30
#: A table that nobody opened for so long is deleted; it is rebuilt where it is missed.
UNUSED_SECONDS = 30 * 24 * 3600

#: From a start and an end to the positions between that are taken, and their records, flat.
ReadRecords = Callable[[int, int], tuple[NDArray[np.int64], NDArray[np.float32]]]


class TableFile:
    """A folder with two files a layer, ``CompactTable.z`` and ``.norms``, and the length.

    Rows are only ever added. Whoever finds that some are missing adds them, under a lock; the
    length is written last, so that a table that is being extended looks as it was before.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.length_file = folder / "length"
        self.lock = FileLock(folder / "lock")
        self.table = self._map("r", 0)

    def read(self, length: int, read_records: ReadRecords) -> CompactTable:
        """The table with at least ``length`` rows; those that it lacks are read and added."""
        if len(self.table) < length:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.lock:
                start = self._read_length()
                if start < length:
                    self._write(start, length, read_records)
                    self.length_file.write_text(str(length))
                self.table = self._map("r", max(start, length))
        return self.table

    def _read_length(self) -> int:
        try:
            return int(self.length_file.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    def _write(self, start: int, length: int, read_records: ReadRecords) -> None:
        for name, width in _files():
            with (self.folder / name).open("ab") as file:
                file.truncate(length * width * 4)
        table = self._map("r+", length)
        for low in range(start, length, CHUNK):
            high = min(low + CHUNK, length)
            positions, flat = read_records(low, high)
            records = CompactDescriptor.from_numbers(flat.reshape(-1, RECORD_SIZE))
            for index, layer in enumerate(LAYERS):
                table.z[layer][positions] = records.layer(layer)
                norms = table.norms[layer]
                norms[low:high] = VACANT, 0
                norms[positions, 0] = records.squares[:, index]
                norms[positions, 1] = records.residuals[:, index]
        for array in (*table.z.values(), *table.norms.values()):
            array.flush()  # type: ignore[attr-defined]

    def _map(self, mode: str, length: int) -> CompactTable:
        arrays = {
            name: np.memmap(self.folder / name, np.float32, mode, shape=(length, width))  # type: ignore[call-overload]
            if length
            else np.empty((0, width), np.float32)
            for name, width in _files()
        }
        return CompactTable(
            z={layer: arrays[f"{layer}.z"] for layer in LAYERS},
            norms={layer: arrays[f"{layer}.norms"] for layer in LAYERS},
        )


@lru_cache(maxsize=2)
def open_table(folder: Path) -> TableFile:
    """The table in a folder, mapped once a process; tables that nobody uses any more go."""
    oldest = time.time() - UNUSED_SECONDS
    for other in folder.parent.glob("*/length"):
        if other.stat().st_mtime < oldest:
            shutil.rmtree(other.parent, ignore_errors=True)
    return TableFile(folder)


def _files() -> list[tuple[str, int]]:
    """The names of the files, and the numbers of a row in each."""
    return [
        (f"{layer}.{name}", width)
        for layer in LAYERS
        for name, width in (("z", SIZES[layer]), ("norms", 2))
    ]
