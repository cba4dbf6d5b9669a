"""A folder of labelled pictures, decoded once into one array for training.

The folder has a ``manifest.csv`` with a column ``file`` and one for each label, ``artist`` and
``movement`` for example. A label may be empty.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stylesim_app.core.errors import ImageError
from stylesim_app.core.images import INPUT_SIZE, Limits, load_pixels

#: Label of a picture that has none.
UNKNOWN = -1

_LIMITS = Limits(max_bytes=500_000_000, max_pixels=300_000_000)
_PIXELS, _LABELS = "pixels.npy", "labels.json"


class ManifestError(Exception):
    """A folder that training cannot use; the message gives the reason and a remedy."""


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures ``(n, 224, 224, 3)``, sRGB; each label is ``(n,)``, an index into its names."""

    pixels: NDArray[np.uint8]
    labels: dict[str, NDArray[np.int64]]
    names: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.pixels)

    @classmethod
    def open(cls, folder: Path) -> Pictures:
        """Return the output of ``prepare``, the pixels mapped into memory. Raises ManifestError."""
        try:
            columns = json.loads((folder / _LABELS).read_text())
            pixels = np.load(folder / _PIXELS, mmap_mode="r")
        except FileNotFoundError as error:
            raise ManifestError(f"{folder} holds no prepared pictures; run `prepare`.") from error
        names = {
            label: sorted({name for name in column if name}) for label, column in columns.items()
        }
        labels = {
            label: np.array([names[label].index(name) if name else UNKNOWN for name in column])
            for label, column in columns.items()
        }
        return cls(pixels, labels, names)


def prepare(folder: Path, labels: Sequence[str], output: Path) -> list[str]:
    """Decode the pictures of a manifest as the app does; return those that cannot be read.

    Raises ManifestError if the manifest cannot be used, or if no picture can be read.
    """
    rows = read_manifest(folder, labels)
    output.mkdir(parents=True, exist_ok=True)
    partial = output / "partial.npy"
    pixels = np.lib.format.open_memmap(
        partial, mode="w+", dtype=np.uint8, shape=(len(rows), INPUT_SIZE, INPUT_SIZE, 3)
    )
    failures: list[str] = []
    read: list[dict[str, str]] = []
    with ThreadPoolExecutor() as threads:
        decoded = threads.map(_load, (folder / row["file"] for row in rows))
        for row, found in zip(rows, tqdm(decoded, total=len(rows), unit=" pictures"), strict=True):
            if isinstance(found, str):
                failures.append(f"{row['file']}: {found}")
            else:
                pixels[len(read)] = found
                read.append(row)
    if not read:
        raise ManifestError(f"None of {len(rows)} pictures can be read; {failures[0]}")
    pixels.flush()
    if failures:
        whole, partial = partial, output / "shorter.npy"
        np.save(partial, pixels[: len(read)])
        whole.unlink()
    columns = {label: [row[label] or "" for row in read] for label in labels}
    (output / _LABELS).write_text(json.dumps(columns, ensure_ascii=False))
    partial.replace(output / _PIXELS)
    return failures


def load_pictures(paths: Sequence[Path]) -> NDArray[np.uint8]:
    """Return ``(n, 224, 224, 3)``. Raises ManifestError if one cannot be read."""
    with ThreadPoolExecutor() as threads:
        found = list(threads.map(_load, paths))
    for path, each in zip(paths, found, strict=True):
        if isinstance(each, str):
            raise ManifestError(f"{path} cannot be read: {each}")
    return np.stack([each for each in found if not isinstance(each, str)])


def read_manifest(folder: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    """Return the rows of a folder's manifest. Raises ManifestError if a column is missing."""
    path = folder / "manifest.csv"
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = {"file", *columns} - set(reader.fieldnames or ())
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ManifestError(f"{path} cannot be read: {error}") from error
    if missing:
        raise ManifestError(f"{path} has no column {', '.join(sorted(missing))}.")
    if not rows:
        raise ManifestError(f"{path} lists no pictures.")
    return rows


def _load(path: Path) -> NDArray[np.uint8] | str:
    try:
        return load_pixels(path.read_bytes(), _LIMITS)[0]
    except (OSError, ImageError) as error:
        return str(error)
