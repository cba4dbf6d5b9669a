"""Evaluation of weights on folders of labelled pictures, with standard errors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylesim_app.core.descriptors import STYLE_LAYERS
from stylesim_app.core.distances import PRESETS
from stylesim_app.core.vgg import Network

from .distances import pair_squares, weigh
from .pictures import load_pictures, read_manifest
from .tasks import Task, file_tasks, label_task, spread


@dataclass(frozen=True)
class Score:
    """Shares of queries with a right result first and among ten, and the first's standard error."""

    task: str
    #: A preset, or a style layer alone.
    weighting: str
    queries: int
    first: float
    spread: float
    ten: float


def evaluate_folder(
    network: Network,
    folder: Path,
    labels: Sequence[str],
    distractors: Sequence[Path] = (),
    split: str | None = None,
    layers: bool = False,
) -> Iterator[Score]:
    """Evaluate each task of a folder's manifest, by each preset and each style layer alone.

    Raises ManifestError.
    """
    own = read_manifest(folder, labels)
    others = [row for each in distractors for row in read_manifest(each, [])]
    places = [folder / row["file"] for row in own]
    places += [each / row["file"] for each in distractors for row in read_manifest(each, [])]
    pixels = load_pictures(places)
    tasks = [
        label_task(label, [row[label] for row in own] + [""] * len(others)) for label in labels
    ]
    found = [*filter(None, tasks), *file_tasks([*own, *others], split)]
    yield from score(network, pixels, found, STYLE_LAYERS if layers else ())


def score(
    network: Network, pixels: NDArray[np.uint8], tasks: Sequence[Task], layers: Sequence[str] = ()
) -> Iterator[Score]:
    squares = pair_squares(network, pixels)
    for weighting in (*PRESETS, *layers):
        distances = (
            np.sqrt(squares[weighting]) if weighting in layers else weigh(squares, weighting)
        )
        for task in tasks:
            first, ten = task.found(distances, 1), task.found(distances, 10)
            yield Score(
                task.name,
                weighting,
                len(first),
                float(first.mean()),
                spread(first),
                float(ten.mean()),
            )
