"""What some weights find in folders of labelled pictures, and with what spread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from stylesim_app.core.distances import PRESETS
from stylesim_app.core.vgg import Network

from .distances import pair_squares, weigh
from .pictures import load_pictures, read_manifest
from .tasks import Task, file_tasks, label_task, spread


@dataclass(frozen=True)
class Score:
    """Shares of queries that found something right first, and among ten; the first's spread."""

    task: str
    preset: str
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
) -> Iterator[Score]:
    """Each task that a folder's manifest allows, by each preset. Raises ManifestError."""
    own = read_manifest(folder, labels)
    others = [row for each in distractors for row in read_manifest(each, [])]
    places = [folder / row["file"] for row in own]
    places += [each / row["file"] for each in distractors for row in read_manifest(each, [])]
    pixels = load_pictures(places)
    tasks = [
        label_task(label, [row[label] for row in own] + [""] * len(others)) for label in labels
    ]
    yield from score(network, pixels, [*filter(None, tasks), *file_tasks([*own, *others], split)])


def score(network: Network, pixels: NDArray[np.uint8], tasks: Sequence[Task]) -> Iterator[Score]:
    squares = pair_squares(network, pixels)
    for preset in PRESETS:
        distances = weigh(squares, preset)
        for task in tasks:
            first, ten = task.found(distances, 1), task.found(distances, 10)
            yield Score(
                task.name,
                preset,
                len(first),
                float(first.mean()),
                spread(first),
                float(ten.mean()),
            )
