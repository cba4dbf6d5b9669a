"""A table of compact descriptors in files that all processes of a host map into memory."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from ..core.bounds import CompactTable
from ..core.compression import SIZES, CompactDescriptor
from ..core.descriptors import LAYERS

#: Rows that are read from the database at once, 3.4 KB each.
CHUNK = 2000
#: Of the rows that are there already, so many are compared with the database.
COMPARED = 16
#: A square so large that a row that was never filled is far from everything.
VACANT = 1e30
#: A table that nobody opened for so long is deleted; it is rebuilt where it is missed.
UNUSED_SECONDS = 30 * 24 * 3600

#: Each file's kind of number, and how many a row has.
FILES: dict[str, tuple[type[np.number[Any]], int]] = {
    "stored": (np.int64, 1),
    **{f"{layer}.z": (np.float32, SIZES[layer]) for layer in LAYERS},
    **{f"{layer}.norms": (np.float32, 2) for layer in LAYERS},
}

#: From a start and an end to the positions between that are taken ``(n,)``, the keys of their
#: stored descriptors ``(n,)``, and their records ``(n, RECORD_SIZE)``.
ReadRecords = Callable[[int, int], tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]]


class Mapped(NamedTuple):
    """A table, and the key of the stored descriptor of each row, 0 if it was never filled."""

    table: CompactTable
    stored: NDArray[np.int64]


class TableFile:
    """A folder with two files a layer, ``CompactTable.z`` and ``.norms``, the keys of the stored
    descriptors, and the length.

    Rows are only ever added. Whoever finds that some are missing adds them, under a lock; the
    length is written last, so that a table that is being extended looks as it was before. Where
    the database holds other rows than the table, a backup was restored say, all are read again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.length_file = folder / "length"
        self.lock = FileLock(folder / "lock")
        self.mapped = self._map("r", 0)

    def read(self, length: int, read_records: ReadRecords) -> Mapped:
        """Return the table with at least ``length`` rows; those that it lacks are read
        and added."""
        if len(self.mapped.stored) != length:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.lock:
                start = self._read_length()
                if not self._agrees(min(start, length), read_records):
                    start = 0
                if start < length:
                    self._write(start, length, read_records)
                    self.length_file.write_text(str(length))
                self.mapped = self._map("r", max(start, length))
        return self.mapped

    def _read_length(self) -> int:
        """Return the rows that are there; none if files were deleted or cut short."""
        try:
            length = int(self.length_file.read_text())
            sizes = [(self.folder / name).stat().st_size for name in FILES]
        except (FileNotFoundError, ValueError):
            return 0
        whole = all(
            size >= length * _row_bytes(name) for name, size in zip(FILES, sizes, strict=True)
        )
        return length if whole else 0

    def _agrees(self, length: int, read_records: ReadRecords) -> bool:
        """Return whether the last rows that the database has of these are those of the table."""
        if length == 0:
            return True
        positions, stored, numbers = read_records(max(0, length - COMPARED), length)
        mapped, records = self._map("r", length), CompactDescriptor.from_numbers(numbers)
        return np.array_equal(mapped.stored[positions], stored) and all(
            np.array_equal(mapped.table.z[layer][positions], records.layer(layer))
            for layer in LAYERS
        )

    def _write(self, start: int, length: int, read_records: ReadRecords) -> None:
        if start == 0:
            # Others may have mapped what was there.
            for path in (self.length_file, *(self.folder / name for name in FILES)):
                path.unlink(missing_ok=True)
        for name in FILES:
            with (self.folder / name).open("ab") as file:
                file.truncate(length * _row_bytes(name))
        mapped = self._map("r+", length)
        table = mapped.table
        for low in range(start, length, CHUNK):
            high = min(low + CHUNK, length)
            positions, stored, numbers = read_records(low, high)
            records = CompactDescriptor.from_numbers(numbers)
            mapped.stored[positions] = stored
            for index, layer in enumerate(LAYERS):
                table.z[layer][positions] = records.layer(layer)
                norms = table.norms[layer]
                norms[low:high] = VACANT, 0
                norms[positions, 0] = records.squares[:, index]
                norms[positions, 1] = records.residuals[:, index]
        for array in (mapped.stored, *table.z.values(), *table.norms.values()):
            array.flush()  # type: ignore[attr-defined]

    def _map(self, mode: Literal["r", "r+"], length: int) -> Mapped:
        arrays: dict[str, Any] = {
            name: np.memmap(self.folder / name, kind, mode, shape=(length, width))
            if length
            else np.empty((0, width), kind)
            for name, (kind, width) in FILES.items()
        }
        return Mapped(
            CompactTable(
                z={layer: arrays[f"{layer}.z"] for layer in LAYERS},
                norms={layer: arrays[f"{layer}.norms"] for layer in LAYERS},
            ),
            arrays["stored"][:, 0],
        )


@lru_cache(maxsize=2)
def open_table(folder: Path) -> TableFile:
    """Return the table in a folder, mapped once a process; tables that nobody opens any more go."""
    if (folder / "length").exists():
        os.utime(folder / "length")
    oldest = time.time() - UNUSED_SECONDS
    for other in folder.parent.glob("*/length"):
        if other.stat().st_mtime < oldest:
            shutil.rmtree(other.parent, ignore_errors=True)
    return TableFile(folder)


def _row_bytes(name: str) -> int:
    kind, width = FILES[name]
    return np.dtype(kind).itemsize * width
