"""Retrieval tasks, read from the columns of a manifest.

A label column makes each picture a query for another one with its label. ``reference`` names, for a
query, the files that show its work, several separated by ``|``. ``style_file`` and ``content_file``
name the sources of a style transfer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, str]
#: Columns that name files.
MADE_OF = ("style_file", "content_file")
REFERENCE = "reference"


@dataclass(frozen=True, eq=False)
class Task:
    """Queries ``(q,)`` as positions; allowed and right results, ``(q, n)``."""

    name: str
    queries: NDArray[np.intp]
    allowed: NDArray[np.bool_]
    right: NDArray[np.bool_]

    def found(self, distances: NDArray[np.float32], k: int) -> NDArray[np.bool_]:
        """Return whether a right result is among the ``k`` nearest of each query, ``(q,)``."""
        rows = np.where(self.allowed, distances[self.queries], np.inf)
        nearest = np.argsort(rows, axis=1, kind="stable")[:, :k]
        right = np.take_along_axis(self.right, nearest, axis=1)
        found: NDArray[np.bool_] = np.logical_or.reduce(right, axis=1)
        return found


def label_task(name: str, values: Sequence[str]) -> Task | None:
    """Return a task to find another picture with the same label.

    Pictures whose label is unique are not queries.
    """
    labels = np.array(values)
    same = (labels[:, None] == labels) & (labels != "")
    np.fill_diagonal(same, False)
    return _task(name, same, np.ones(same.shape, np.bool_))


def file_tasks(rows: Sequence[Row], split: str | None = None) -> Iterator[Task]:
    """Return the tasks whose columns name files; the column ``split`` divides their queries."""
    position = {row["file"]: at for at, row in enumerate(rows)}
    for column in (REFERENCE, *MADE_OF):
        if column not in rows[0]:
            continue
        right = np.zeros((len(rows), len(rows)), np.bool_)
        for at, row in enumerate(rows):
            named = [position[name] for name in row.get(column, "").split("|") if name in position]
            right[at, named] = True
        # Queries are for references, not for other queries.
        is_reference = np.array([not row.get(column) for row in rows])
        allowed = is_reference[None] if column == REFERENCE else np.ones((1, len(rows)), np.bool_)
        for part in sorted({row.get(split, "") for row in rows}) if split else [None]:
            chosen = np.array([split is None or row.get(split, "") == part for row in rows])
            name = f"{column} {part}" if part else column
            task = _task(name, right & chosen[:, None], np.broadcast_to(allowed, right.shape))
            if task is not None:
                yield task


def _task(name: str, right: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> Task | None:
    queries = np.nonzero(right.any(axis=1))[0]
    if not len(queries):
        return None
    allowed = allowed[queries].copy()
    allowed[np.arange(len(queries)), queries] = False
    return Task(name, queries, allowed, right[queries])


def spread(found: NDArray[np.bool_]) -> float:
    """Return the standard error of a share."""
    return float(found.std() / np.sqrt(len(found)))
