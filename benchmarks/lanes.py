"""Measures beyond ``stylesim_evaluate``: boxes of reproductions, and unseen artists."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stylesim_app.core.boxes import Box
from stylesim_app.core.embedding import RegionEmbedding
from stylesim_app.core.whitened_style import StyleWhitening
from stylesim_app.evaluation.collection import Collection, Item, Selection, gather
from stylesim_app.evaluation.describing import Describer, Needs
from stylesim_app.evaluation.distances import measure_distances, read_all
from stylesim_app.evaluation.figures import Answers, Figures, measure_spread
from stylesim_app.evaluation.kept import Kept
from stylesim_app.evaluation.sources import read_source

from .report import Result, Row

#: Where the sets of real artworks lie, if STYLESIM_BENCH_DATA names no other folder.
DEFAULT_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
#: Where descriptors are kept, if STYLESIM_BENCH_KEPT names no other folder; 1.6 GB.
DEFAULT_KEPT = Path(tempfile.gettempdir()) / "stylesim-bench"
ARTISTS, REPRODUCTIONS, GALLERY = "wikiart_pd_dev", "same_work_pd_dev", "museum_rephoto_dev"
#: Divisions of the artists into two halves.
DIVISIONS = 2
#: Boxes of each reproduction.
BOXES = 2

Matrix = NDArray[np.floating[Any]]


def run() -> Result:
    data = Path(os.environ.get("STYLESIM_BENCH_DATA", DEFAULT_DATA))
    sources = [read_source(str(data / name)) for name in (ARTISTS, REPRODUCTIONS, GALLERY)]
    collection = gather(sources, [], [], Selection(edits=0), _track)
    kept = Kept(Path(os.environ.get("STYLESIM_BENCH_KEPT", DEFAULT_KEPT)))
    describer = Describer(kept, Needs(descriptors=True, features=False))
    for works in (True, False):
        shown = collection.works if works else collection.queries
        items = [each.item for each in shown]
        for _described in _track(describer.describe(items, works=works), len(items), "Describing"):
            pass
    return Result(
        name="lanes",
        description=(
            "Share of queries whose nearest candidate is right. The spread is the standard "
            "deviation over resampled works or artists. The regions are those that ship, fitted "
            "without labels to the first two sets; the last rows fit to 16 artists and ask for 16 "
            "others."
        ),
        figures=[find_boxes(collection, describer), *find_unseen_artists(collection, describer)],
    )


def find_boxes(collection: Collection, describer: Describer) -> Row:
    """Return how often the nearest region to a box of a reproduction is of the same work.

    Boxes are drawn at random, with sides of 30 to 60 %, and pooled from the stored content map.
    """
    embedding = RegionEmbedding.shipped()
    items = [work.item for work in collection.works]
    own = [embedding.describe(each) for each in read_all(_paths(describer, items))]
    regions = np.concatenate([each.numbers for each in own])
    boxes = [box for each in own for box in each.boxes or ()]
    works = np.repeat(np.arange(len(own)), [len(each.numbers) for each in own])
    position = {item.key: at for at, item in enumerate(items)}
    generator = np.random.default_rng(0)
    distances, rights, groups, overlaps, seconds = [], [], [], [], []
    for query in collection.queries:
        if query.source != REPRODUCTIONS:
            continue
        [descriptor] = read_all(_paths(describer, [query.item]))
        right = sorted(position[key] for key in query.right)
        for _ in range(BOXES):
            width, height = generator.uniform(0.3, 0.6, 2)
            left, top = generator.uniform(0, (1 - width, 1 - height))
            box = Box(float(left), float(top), float(width), float(height))
            start = time.process_time()
            vector = embedding.whitening.describe_box(descriptor, box)
            products = regions @ vector
            seconds.append(time.process_time() - start)
            nearest = np.full(len(own), -np.inf)
            np.maximum.at(nearest, works, products)
            distances.append(1 - nearest)
            rights.append(np.isin(np.arange(len(own)), right))
            of_right = np.flatnonzero(works == right[0])
            best = of_right[int(products[of_right].argmax())]
            overlaps.append(boxes[best].overlap(box))
            groups.append(query.group)
    answers = _answer(np.array(distances), np.array(rights))
    return {
        **_row("box of a reproduction", "regions", len(own), answers, np.array(groups)),
        "overlap of the box and the region": float(np.mean(overlaps)),
        "CPU ms a query": 1000 * float(np.median(seconds)),
    }


def find_unseen_artists(collection: Collection, describer: Describer) -> Iterator[Row]:
    """Yield what whitened style and plain style find of artists that neither was fitted to."""
    label = (ARTISTS, "artist")
    labelled = [work for work in collection.works if label in work.labels]
    artists = np.array([work.labels[label] for work in labelled])
    paths = _paths(describer, [work.item for work in labelled])
    style = measure_distances(paths, paths)["style"]
    names = np.unique(artists)
    half = len(names) // 2
    generator = np.random.default_rng(0)
    rows: dict[str, list[Row]] = {"style": [], "whitened style": []}
    for _ in range(DIVISIONS):
        order = generator.permutation(names)
        for fitted, asked in ((order[:half], order[half:]), (order[half:], order[:half])):
            sample = [path for path, name in zip(paths, artists, strict=True) if name in fitted]
            whitening = StyleWhitening.fit(partial(read_all, sample))
            members = np.flatnonzero(np.isin(artists, asked))
            own = artists[members]
            described = read_all([paths[at] for at in members.tolist()])
            vectors = np.stack([whitening.describe(each) for each in described])
            matrices = {
                "style": style[np.ix_(members, members)],
                "whitened style": -(vectors @ vectors.T),
            }
            for name, matrix in matrices.items():
                others = ~np.eye(len(members), dtype=bool)
                answers = Answers.of(matrix, own[:, None] == own, others)
                rows[name].append(_row("", name, len(members) - 1, answers, own))
    for name, parts in rows.items():
        yield {
            "task": f"artist among {half}, fitted to {len(names) - half} others",
            "comparison": name,
            "candidates": parts[0]["candidates"],
            "queries": sum(int(part["queries"]) for part in parts[:2]),
            "rank 1": float(np.mean([float(part["rank 1"]) for part in parts])),
            "spread": float(np.mean([float(part["spread"]) for part in parts])) / np.sqrt(2),
        }


def _answer(distances: Matrix, right: NDArray[np.bool_]) -> Answers:
    return Answers.of(distances, right, np.ones_like(right))


def _row(
    task: str, name: str, candidates: int, answers: Answers, groups: NDArray[Any]
) -> dict[str, str | float]:
    return {
        "task": task,
        "comparison": name,
        "candidates": candidates,
        "queries": len(answers.ranks),
        "rank 1": Figures.of(answers).recall_at_1,
        "spread": measure_spread(answers, groups).recall_at_1,
    }


def _paths(describer: Describer, items: Sequence[Item]) -> list[Path]:
    return [describer.descriptor_path(item.key) for item in items]


def _track(items: Any, total: int, label: str) -> Any:
    return tqdm(items, total=total, desc=label, disable=None)
