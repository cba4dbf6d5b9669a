"""Nearest neighbours by each comparison: artists, movements, reproductions, photographs, edits."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from stylesim_app.core.boxes import Box
from stylesim_app.core.descriptors import CONTENT_LAYER, LAYERS, STYLE_LAYERS
from stylesim_app.core.distances import EQUAL_LAYER_WEIGHTS, Weighting
from stylesim_app.core.edits import EDITS
from stylesim_app.core.embedding import RMAC, PictureEmbedding, RegionEmbedding, weigh_parts
from stylesim_app.core.vgg import build_network
from stylesim_app.core.weights import load_weights
from stylesim_app.core.whitened_style import StyleWhitening
from training.described import Described, read_all

from .picture_sets import GALLERY, Query, candidates, queries
from .report import Goal, Result, Row

#: Where descriptors are kept, if STYLESIM_BENCH_KEPT names no other folder; 1.6 GB.
DEFAULT_KEPT = Path(tempfile.gettempdir()) / "stylesim-bench"
#: Resamples of the groups of queries, for the spread.
RESAMPLES = 1000
#: Divisions of the artists into two halves.
DIVISIONS = 2
#: Weights of the parts of a picture's vector, by comparison.
STYLE_PARTS = dict.fromkeys(STYLE_LAYERS, 0.2)
COSINES: dict[str, dict[str, float]] = {
    "centred cosine": {CONTENT_LAYER: 1},
    "whitened style": STYLE_PARTS,
    "copies": {**STYLE_PARTS, CONTENT_LAYER: 1},
    "R-MAC": {RMAC: 1},
}

Matrix = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Found:
    """The queries ``(q,)`` that found a right work first, and the group of each."""

    found: NDArray[np.bool_]
    groups: NDArray[Any]

    @property
    def share(self) -> float:
        return float(self.found.mean())

    def spread(self) -> float:
        """Return the standard deviation of the share when groups are drawn again."""
        generator = np.random.default_rng(0)
        names, members = np.unique(self.groups, return_inverse=True)
        hits, sizes = np.bincount(members, self.found), np.bincount(members)
        drawn = generator.integers(0, len(names), (RESAMPLES, len(names)))
        return float((hits[drawn].sum(axis=1) / sizes[drawn].sum(axis=1)).std())


@dataclass(frozen=True, eq=False)
class Scene:
    """All pictures: candidates first, of which the artists' works are first, then the queries."""

    works: Sequence[Mapping[str, str]]
    names: Sequence[str]
    asked: Sequence[Query]
    paths: Sequence[Path]

    @property
    def artists(self) -> NDArray[Any]:
        return np.array([facts["artist"] for facts in self.works if facts.get("artist_slug")])


def run() -> Result:
    scene = load_scene()
    distances = measure(scene)
    rows, shares = [], {}
    for measure_name, matrix in tqdm(distances.items()):
        for task, (count, found) in tasks(scene, matrix).items():
            shares[measure_name, task] = found.share
            rows.append(_row(task, measure_name, count, found))
    rows.append(details(scene))
    rows += list(unseen_artists(scene))
    return Result(
        name="lanes",
        description=(
            "Share of queries whose nearest candidate is right, by task and comparison. The "
            "spread is the standard deviation over resampled artists, works or paintings. "
            "Whitened style, the content mean and R-MAC are those that ship, fitted without "
            "labels to the first two sets; the last rows fit to 16 artists and ask for 16 others."
        ),
        figures=rows,
        goals=[
            Goal("artist, whitened style", shares["whitened style", "artist"], 0.54),
            Goal("movement, whitened style", shares["whitened style", "movement"], 0.77),
            Goal("edited copies, copies", shares["copies", "all edits"], 0.85),
            Goal(
                "photograph with frame and wall, R-MAC", shares["R-MAC", "photograph, frame"], 0.84
            ),
        ],
        plot=lambda axes: _plot(axes, rows),
    )


def load_scene() -> Scene:
    """Extract what is not kept yet."""
    works, asked = candidates(), queries()
    shown = [*works, *(query.shown for query in asked)]
    kept = Path(os.environ.get("STYLESIM_BENCH_KEPT", DEFAULT_KEPT))
    network = build_network(load_weights("paintings", Path()))
    paths = Described(network, kept).extract(
        each.pixels() for each in tqdm(shown, unit=" pictures")
    )
    return Scene([each.facts for each in works], [each.name for each in works], asked, paths)


def measure(scene: Scene) -> dict[str, Matrix]:
    """Return by comparison the distances of all pictures ``(n)`` to the candidates ``(c)``."""
    squares = {layer: _squares(scene, layer) for layer in LAYERS}
    style = np.sqrt(
        sum(
            (
                weight * squares[layer]
                for layer, weight in zip(STYLE_LAYERS, EQUAL_LAYER_WEIGHTS, strict=True)
            ),
            start=np.zeros(()),
        )
    )
    content = np.sqrt(squares.pop(LAYERS[-1]))
    paper = Weighting()
    embedding = PictureEmbedding.shipped()
    vectors = np.stack([embedding.describe(each).numbers[0] for each in read_all(scene.paths)])
    works = vectors[: len(scene.works)]

    def cosine(weights: Mapping[str, float]) -> Matrix:
        weighed = np.stack([weigh_parts(vector, weights) for vector in vectors])
        distances: Matrix = 1 - weighed @ works.T
        return distances

    return {
        "paper": paper.style_weight * style + paper.content_weight * content,
        "style": style,
        "content": content,
        **{name: cosine(weights) for name, weights in COSINES.items()},
    }


def tasks(scene: Scene, distances: Matrix) -> dict[str, tuple[int, Found]]:
    """Return by task the number of candidates, and what was found."""
    count = len(scene.artists)
    among = distances[:count, :count].copy()
    np.fill_diagonal(among, np.inf)
    nearest = among.argmin(axis=1)
    artists = scene.artists
    movements = np.array([facts["movement"] for facts in scene.works[:count]])
    answers = {
        "artist": (count - 1, Found(artists[nearest] == artists, artists)),
        "movement": (count - 1, Found(movements[nearest] == movements, artists)),
    }
    position = {name: at for at, name in enumerate(scene.names)}
    own = distances[len(scene.works) :]
    right = np.zeros(own.shape, np.bool_)
    for at, query in enumerate(scene.asked):
        right[at, [position[name] for name in query.right]] = True
    first = np.take_along_axis(right, own.argmin(axis=1)[:, None], axis=1)[:, 0]
    kinds = np.array([query.task for query in scene.asked])
    groups = np.array([query.group for query in scene.asked])
    chosen = {kind: kinds == kind for kind in dict.fromkeys(kinds)}
    chosen["all edits"] = np.isin(kinds, list(EDITS))
    for kind, members in chosen.items():
        answers[kind] = (own.shape[1], Found(first[members], groups[members]))
    gallery = np.array([name.startswith(GALLERY) for name in scene.names])
    alone = np.where(gallery, own, np.inf).argmin(axis=1)[:, None]
    frames = chosen["photograph, frame"]
    found = np.take_along_axis(right, alone, axis=1)[frames, 0]
    answers["photograph, frame, gallery alone"] = (int(gallery.sum()), Found(found, groups[frames]))
    return answers


def details(scene: Scene) -> Row:
    """Return how often the nearest region to a box of a reproduction is of the same work.

    Boxes are drawn at random, with sides of 30 to 60 %, two for each query, and pooled from the
    stored content map.
    """
    embedding = RegionEmbedding.shipped()
    own = [embedding.describe(each) for each in read_all(scene.paths[: len(scene.works)])]
    regions = np.concatenate([each.numbers for each in own])
    boxes = [box for each in own for box in each.boxes or ()]
    works = np.repeat(np.arange(len(own)), [len(each.numbers) for each in own])
    generator = np.random.default_rng(0)
    position = {name: at for at, name in enumerate(scene.names)}
    found, overlaps, groups, seconds = [], [], [], []
    paths = scene.paths[len(scene.works) :]
    for query, path in zip(scene.asked, paths, strict=True):
        if query.task != "reproduction":
            continue
        (descriptor,) = read_all([path])
        for _ in range(2):
            width, height = generator.uniform(0.3, 0.6, 2)
            left, top = generator.uniform(0, (1 - width, 1 - height))
            box = Box(float(left), float(top), float(width), float(height))
            start = time.process_time()
            vector = embedding.whitening.describe_box(descriptor, box)
            nearest = int((regions @ vector).argmax())
            seconds.append(time.process_time() - start)
            right = [position[name] for name in query.right]
            found.append(int(works[nearest]) in right)
            of_right = np.flatnonzero(works == right[0])
            best = of_right[int((regions[of_right] @ vector).argmax())]
            overlaps.append(boxes[best].overlap(box))
            groups.append(query.group)
    answer = Found(np.array(found), np.array(groups))
    return {
        **_row("box of a reproduction", "regions", len(own), answer),
        "overlap of the box and the region": float(np.mean(overlaps)),
        "CPU ms a query": 1000 * float(np.median(seconds)),
    }


def unseen_artists(scene: Scene) -> Iterator[Row]:
    """Yield what whitened style and plain style find of artists that neither was fitted to."""
    artists = scene.artists
    names = np.unique(artists)
    generator = np.random.default_rng(0)
    paths = scene.paths[: len(artists)]
    squares = sum(_squares(scene, layer, len(artists)) for layer in STYLE_LAYERS)
    found: dict[str, list[Found]] = {"style": [], "whitened style": []}
    for _ in range(DIVISIONS):
        order = generator.permutation(names)
        half = len(names) // 2
        for fitted, asked in ((order[:half], order[half:]), (order[half:], order[:half])):
            sample = [path for path, name in zip(paths, artists, strict=True) if name in fitted]
            members = np.flatnonzero(np.isin(artists, asked))
            whitening = StyleWhitening.fit(partial(read_all, sample))
            own_paths = [paths[at] for at in members.tolist()]
            vectors = np.stack([whitening.describe(each) for each in read_all(own_paths)])
            matrices = {
                "style": np.asarray(squares)[np.ix_(members, members)],
                "whitened style": -(vectors @ vectors.T),
            }
            for name, matrix in matrices.items():
                np.fill_diagonal(matrix, np.inf)
                own = artists[members]
                found[name].append(Found(own[matrix.argmin(axis=1)] == own, own))
    for name, parts in found.items():
        share = float(np.mean([part.share for part in parts]))
        yield {
            "task": "artist among 16, fitted to 16 others",
            "comparison": name,
            "candidates": len(parts[0].found) - 1,
            "queries": sum(len(part.found) for part in parts[:2]),
            "rank 1": share,
            "spread": float(np.mean([part.spread() for part in parts])) / np.sqrt(2),
        }


def _squares(scene: Scene, layer: str, works: int | None = None) -> Matrix:
    """Return the squared distances in one layer: all pictures, or some works, to candidates."""
    paths = scene.paths[:works]
    rows = np.stack([each.layer(layer) for each in read_all(paths)])
    # Around the mean the norms are small, so that their difference keeps its digits.
    rows -= rows.mean(axis=0)
    norms = np.einsum("ij,ij->i", rows, rows)
    others = rows[: works or len(scene.works)]
    squares: Matrix = norms[:, None] + norms[: len(others)] - 2 * (rows @ others.T)
    return np.maximum(squares, 0, out=squares)


def _cosines(scene: Scene, describe: Callable[[Any], Matrix]) -> Matrix:
    vectors = np.stack([describe(each) for each in read_all(scene.paths)])
    distances: Matrix = 1 - vectors @ vectors[: len(scene.works)].T
    return distances


def _row(task: str, name: str, count: int, found: Found) -> Row:
    return {
        "task": task,
        "comparison": name,
        "candidates": count,
        "queries": len(found.found),
        "rank 1": found.share,
        "spread": found.spread(),
    }


def _plot(axes: Any, rows: Sequence[Row]) -> None:
    shown = (
        "artist",
        "movement",
        "reproduction",
        "photograph, crop",
        "photograph, frame",
        "all edits",
    )
    names = list(dict.fromkeys(row["comparison"] for row in rows if row["task"] in shown))
    for number, name in enumerate(names):
        by_task = {row["task"]: row for row in rows if row["comparison"] == name}
        places = np.arange(len(shown)) + (number - len(names) / 2 + 0.5) / (len(names) + 1)
        axes.bar(
            places,
            [by_task[task]["rank 1"] for task in shown],
            1 / (len(names) + 1),
            yerr=[by_task[task]["spread"] for task in shown],
            error_kw={"elinewidth": 0.6},
            label=name,
        )
    axes.set_xticks(np.arange(len(shown)), [task.replace(", ", ",\n") for task in shown])
    axes.set_ylabel("nearest candidate is right")
    axes.set_ylim(0, 1.25)
    axes.legend(ncols=4, fontsize=8, loc="upper center")
