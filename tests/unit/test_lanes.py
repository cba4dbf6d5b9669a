"""The comparison of lanes counts what is found, and keeps descriptors between runs."""

from __future__ import annotations

from itertools import starmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import picture_sets
from benchmarks.lanes import Found, Scene, tasks
from benchmarks.picture_sets import Query, Shown
from stylesim_app.core.descriptors import Descriptor
from tests import synthetic
from training.described import BATCH, Described, read_all


def test_the_spread_is_that_of_groups():
    found = np.array([True] * 50 + [False] * 50)
    alone, halves = Found(found, np.arange(100)), Found(found, found.astype(int))
    assert alone.share == halves.share == 0.5
    assert alone.spread() == pytest.approx(0.05, rel=0.1)
    assert halves.spread() == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def show(name: str, **facts: str) -> Shown:
    return Shown(name, lambda: Image.new("RGB", (8, 8)), facts)


def test_artists_are_found_among_other_works_and_copies_among_all():
    by_artist = [("a", "x"), ("a", "x"), ("b", "x")]
    works = [
        show(f"{at}", artist=artist, movement=movement, artist_slug=artist)
        for at, (artist, movement) in enumerate(by_artist)
    ]
    works.append(show(f"{picture_sets.GALLERY}/r.jpg"))
    asked = [
        Query(show("edited"), "mirror", "1", frozenset(["1"])),
        Query(show("photograph"), "photograph, frame", "r", frozenset([works[-1].name])),
    ]
    distances = np.array(
        [[0, 1, 2, 1], [3, 0, 2, 1], [1, 2, 0, 1], [1, 1, 1, 0], [3, 1, 2, 4], [1, 2, 3, 2.0]]
    )
    scene = Scene([each.facts for each in works], [each.name for each in works], asked, [])
    answers = tasks(scene, distances)
    assert answers["artist"][0] == 2
    assert answers["artist"][1].found.tolist() == [True, False, False]
    assert answers["movement"][1].share == 1
    assert (answers["mirror"][0], answers["mirror"][1].share) == (4, 1)
    assert answers["photograph, frame"][1].share == 0
    assert answers["photograph, frame, gallery alone"][1].share == 1
    assert answers["all edits"][1].found.tolist() == [True]


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
