"""Descriptors of pictures are extracted once, and kept between runs."""

from __future__ import annotations

from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np

from stylesim_app.core.descriptors import Descriptor
from stylesim_app.evaluation.distances import read_all
from tests import synthetic
from training.described import BATCH, Described


class CountingNetwork:
    provenance = synthetic.PROVENANCE

    def __init__(self) -> None:
        self.seen: list[int] = []

    def describe(self, pixels: np.ndarray) -> list[Descriptor]:
        self.seen.append(len(pixels))
        drawn = synthetic.draw_small(BATCH, seed=int(pixels[0, 0, 0, 0]))
        return drawn[: len(pixels)]


def test_descriptors_are_extracted_once(small_network, tmp_path: Path):
    network: Any = CountingNetwork()
    pictures = [np.full((4, 4, 3), level, np.uint8) for level in range(BATCH + 2)]
    first = Described(network, tmp_path).extract(iter(pictures))
    assert network.seen == [BATCH, 2]
    again = Described(network, tmp_path).extract([*pictures, pictures[0] + 100])
    assert again[:-1] == first
    assert network.seen == [BATCH, 2, 1]
    sizes = list(starmap(np.shape, ((each.content,) for each in read_all(again))))
    assert len(set(again)) == len(sizes) == BATCH + 3
